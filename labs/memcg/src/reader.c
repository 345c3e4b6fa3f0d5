// SPDX-License-Identifier: GPL-2.0
/*
 * Whose page cache is it? Joins a cgroup and reads part of a disk, PASSES times in all: what it
 * reads is charged to the cgroup, clean, and gone as soon as somebody reclaims it. With 0 passes it
 * reads once and then sleeps for ever, and who started it goes on as soon as it has read:
 *
 *	reader NAME GROUP FIRST_MIB MIB PASSES
 */
#include <fcntl.h>
#include <sys/prctl.h>

#include "lab.h"

#define DISK "/dev/disk/labkit/data"
#define CHUNK (64UL << 10)

static void read_once(int disk, size_t first, size_t bytes)
{
	static char chunk[CHUNK];
	size_t at;

	for (at = first; at < first + bytes; at += CHUNK)
		if (pread(disk, chunk, CHUNK, (off_t)at) != (ssize_t)CHUNK)
			die("%s at %zu", DISK, at);
}

static void become_member(const char *name, const char *group)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/cgroup.procs", group);
	write_text(path, "0");
	write_text("/proc/self/oom_score_adj", "0");
	if (prctl(PR_SET_NAME, name))
		die("prctl");
}

static __attribute__((noreturn)) void sleep_for_ever(int ready)
{
	int null = open("/dev/null", O_RDWR);

	if (setsid() < 0 || write(ready, "r", 1) != 1)
		die("pipe");
	close(ready);
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
		die("/dev/null");
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	int disk = open(DISK, O_RDONLY), ready[2];
	size_t first, bytes;
	long passes;
	char byte;

	if (argc != 6)
		die("usage: reader NAME GROUP FIRST_MIB MIB PASSES");
	if (disk < 0 || pipe(ready))
		die(DISK);
	first = (size_t)parse_number(argv[3]) * LAB_MIB;
	bytes = (size_t)parse_number(argv[4]) * LAB_MIB;
	passes = parse_number(argv[5]);
	if (!passes && fork()) {
		close(ready[1]);
		errno = 0;
		if (read(ready[0], &byte, 1) != 1)
			die("%s has not read", argv[1]);
		return 0;
	}
	become_member(argv[1], argv[2]);
	read_once(disk, first, bytes);
	if (!passes)
		sleep_for_ever(ready[1]);
	while (--passes > 0)
		read_once(disk, first, bytes);
	return 0;
}
