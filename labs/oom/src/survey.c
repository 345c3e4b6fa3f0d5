// SPDX-License-Identifier: GPL-2.0
/*
 * What has a program reserved, and what does it hold? Waits until every process that runs PROGRAM
 * sleeps and grows no more, then says of each, one a line: pid, uid, address space and anonymous
 * memory in KiB.
 *
 *	survey PROGRAM
 *
 * It goes by /proc/PID/exe: a name is whatever a process calls itself.
 */
#include <dirent.h>
#include <sys/stat.h>

#include "lab.h"

#define POLL_US 50000
#define CALM_POLLS 4  /* asleep and unchanged for 0.2 s */
#define GONE_POLLS 40 /* nobody there for two seconds: it ended, or never began */
#define MAX_POLLS 600 /* half a minute */

struct sight {
	unsigned long space, anon;
	unsigned int uid;
	char state;
};

static int runs(const char *pid, const char *program)
{
	char path[300], exe[300];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%s/exe", pid);
	length = readlink(path, exe, sizeof(exe) - 1);
	if (length < 0)
		return 0;
	exe[length] = '\0';
	return !strcmp(exe, program);
}

/* Of a process that has just ended nothing is there to see. */
static int look(const char *pid, struct sight *seen)
{
	char path[300], line[256];
	FILE *status;

	memset(seen, 0, sizeof(*seen));
	snprintf(path, sizeof(path), "/proc/%s/status", pid);
	status = fopen(path, "r");
	if (!status)
		return 0;
	while (fgets(line, sizeof(line), status)) {
		sscanf(line, "State: %c", &seen->state);
		sscanf(line, "Uid: %u", &seen->uid);
		sscanf(line, "VmSize: %lu", &seen->space);
		sscanf(line, "RssAnon: %lu", &seen->anon);
	}
	fclose(status);
	return seen->space > 0;
}

/* How many there are; `sum` changes when one of them does, `awake` is whether one is. */
static int round_of(const char *program, int print, unsigned long *sum, int *awake)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	struct sight seen;
	int count = 0;

	if (!proc)
		die("/proc");
	*sum = 0;
	*awake = 0;
	while ((entry = readdir(proc))) {
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		if (!runs(entry->d_name, program) || !look(entry->d_name, &seen))
			continue;
		count++;
		*sum += seen.space + seen.anon;
		*awake |= seen.state != 'S';
		if (print)
			printf("%s %u %lu %lu\n", entry->d_name, seen.uid, seen.space, seen.anon);
	}
	closedir(proc);
	return count;
}

int main(int argc, char **argv)
{
	int polls, calm = 0, gone = 0, awake;
	unsigned long sum, last = 0;

	if (argc != 2)
		die("usage: survey PROGRAM");
	for (polls = 0; polls < MAX_POLLS && calm < CALM_POLLS && gone < GONE_POLLS; polls++) {
		usleep(POLL_US);
		gone = round_of(argv[1], 0, &sum, &awake) ? 0 : gone + 1;
		calm = !gone && !awake && sum == last ? calm + 1 : 0;
		last = sum;
	}
	round_of(argv[1], 1, &sum, &awake);
	return 0;
}
