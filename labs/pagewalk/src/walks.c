// SPDX-License-Identifier: GPL-2.0
/*
 * What stands in the page tables of a process for some of its addresses? Asks labkit's module for
 * each `NAME VADDR INDEX` of LIST, prints the three and the module's answer, a line each, and
 * appends what a walker would find, and nothing that explains it, to RAW:
 *
 *	walks PID LIST RAW
 *
 * A line of RAW is `LEVELS VADDR ENTRY…`: the number of levels, the address, and the entries on the
 * way down, from the top table to where the way ends.
 */
#include <fcntl.h>

#include "lab.h"

#define RESULT (16UL << 10)

static char text[RESULT];

static const char *ask(long pid, const char *vaddr)
{
	char command[128];
	ssize_t got;
	int file = open("/proc/labkit/cmd", O_WRONLY);
	int length = snprintf(command, sizeof(command), "walk %ld %s", pid, vaddr);

	if (file < 0 || write(file, command, (size_t)length) != length)
		die("%s", command);
	close(file);
	file = open("/proc/labkit/result", O_RDONLY);
	got = read(file, text, sizeof(text) - 1);
	if (got <= 0)
		die("/proc/labkit/result");
	close(file);
	text[got] = '\0';
	return text;
}

static void put_raw(FILE *raw, const char *vaddr, const char *answer)
{
	const char *at = strstr(answer, "\"levels\":");

	if (!at)
		die("no levels in %s", answer);
	fprintf(raw, "%c %s", at[strlen("\"levels\":")], vaddr);
	while ((at = strstr(at, "\"raw\":\""))) {
		at += strlen("\"raw\":\"");
		fprintf(raw, " %.*s", (int)strcspn(at, "\""), at);
	}
	fputc('\n', raw);
}

int main(int argc, char **argv)
{
	char name[32], vaddr[32], index[32];
	FILE *list, *raw;
	long pid;

	if (argc != 4)
		die("usage: walks PID LIST RAW");
	pid = parse_number(argv[1]);
	list = fopen(argv[2], "r");
	raw = fopen(argv[3], "a");
	if (!list || !raw)
		die("%s, %s", argv[2], argv[3]);
	while (fscanf(list, "%31s %31s %31s", name, vaddr, index) == 3) {
		const char *answer = ask(pid, vaddr);

		printf("%s %s %s %s", name, vaddr, index, answer);
		put_raw(raw, vaddr, answer);
	}
	if (fclose(raw))
		die("%s", argv[3]);
	return 0;
}
