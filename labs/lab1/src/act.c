// SPDX-License-Identifier: GPL-2.0
/*
 * Which line of /proc/meminfo moves? One act, after which the process sleeps and keeps what it has:
 *
 *	act reserve|read|write|tmpfs MIB
 *
 * reserve maps memory, read and write also go over every page of it, tmpfs writes a file.
 */
#define _GNU_SOURCE
#include <signal.h>

#include "lab.h"

static void write_file(size_t mib)
{
	FILE *file = fopen("/tmp/act", "w");
	static char block[LAB_MIB];
	size_t index;

	if (!file)
		die("/tmp/act");
	fill_pages(block, sizeof(block), mib);
	for (index = 0; index < mib; index++)
		if (fwrite(block, 1, sizeof(block), file) != sizeof(block))
			die("write of MiB %zu", index);
	if (fclose(file))
		die("close");
}

static void act(const char *what, size_t mib)
{
	size_t at, bytes = mib * LAB_MIB;
	volatile char *region;
	char sum = 0;

	if (!strcmp(what, "tmpfs")) {
		write_file(mib);
		return;
	}
	region = map_anonymous(bytes);
	if (!strcmp(what, "write"))
		fill_pages((void *)region, bytes, mib);
	else if (!strcmp(what, "read"))
		for (at = 0; at < bytes; at += LAB_PAGE)
			sum += region[at];
	else if (strcmp(what, "reserve"))
		die("no act '%s'", what);
	if (sum)
		die("memory that nobody wrote to holds %d", sum);
}

int main(int argc, char **argv)
{
	int ready[2];
	char done = 0;

	if (argc != 3)
		die("usage: act reserve|read|write|tmpfs MIB");
	if (pipe(ready))
		die("pipe");
	if (fork() == 0) {
		act(argv[1], (size_t)parse_number(argv[2]));
		if (write(ready[1], "x", 1) != 1)
			die("pipe");
		close(ready[0]);
		close(ready[1]);
		setsid();
		fclose(stdout);
		fclose(stderr);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (read(ready[0], &done, 1) != 1)
		die("the act failed");
	return 0;
}
