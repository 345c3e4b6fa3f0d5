// SPDX-License-Identifier: GPL-2.0
/*
 * When has a cgroup come to a standstill? Waits until its memory has grown by less than a MiB in a
 * second, or it has no process any more.
 *
 *	standstill GROUP
 *
 * A throttled task is charged 64 pages and sleeps up to two seconds for them (mm/memcontrol.c:
 * MEMCG_CHARGE_BATCH, MEMCG_MAX_HIGH_DELAY_JIFFIES): half a MiB in a second or less, two CPUs
 * included. One that is not throttled takes its memory in a second even where TCG is slow.
 */
#include <fcntl.h>

#include "lab.h"

#define POLL_US 250000
#define A_SECOND 4 /* polls */
#define MAX_POLLS 120
#define LITTLE LAB_MIB

static long read_number(const char *group, const char *file, const char *key)
{
	char path[160], text[512];
	const char *found = text;
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", group, file);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		die("%s", path);
	length = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (length < 0)
		die("%s", path);
	text[length] = '\0';
	if (key)
		found = strstr(text, key);
	errno = 0;
	if (!found)
		die("no '%s' in %s", key, path);
	return strtol(found + (key ? strlen(key) : 0), NULL, 10);
}

int main(int argc, char **argv)
{
	long seen[A_SECOND] = { 0 }, now;
	int polls;

	if (argc != 2)
		die("usage: standstill GROUP");
	for (polls = 0; polls < MAX_POLLS; polls++) {
		usleep(POLL_US);
		now = read_number(argv[1], "memory.current", NULL);
		if (!read_number(argv[1], "cgroup.events", "populated "))
			return 0;
		if (polls >= A_SECOND && now - seen[polls % A_SECOND] < (long)LITTLE)
			return 0;
		seen[polls % A_SECOND] = now;
	}
	errno = 0;
	die("it grows and grows");
}
