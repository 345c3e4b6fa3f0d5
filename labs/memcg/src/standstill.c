// SPDX-License-Identifier: GPL-2.0
/*
 * When has a process in a cgroup come to a standstill? Waits until it was throttled and the
 * cgroup's memory has grown by less than a MiB in a second, or until it has ended:
 *
 *	standstill GROUP
 *
 * The process is a child of whoever became this program (`exec`), or else seen in the cgroup first.
 * A throttled task is charged 64 pages and sleeps up to two seconds for them (mm/memcontrol.c:
 * MEMCG_CHARGE_BATCH, MEMCG_MAX_HIGH_DELAY_JIFFIES): half a MiB in a second or less, two CPUs
 * included. On a busy host one that is not throttled may not even have begun after a second: it is
 * given ten.
 */
#include <fcntl.h>
#include <sys/wait.h>

#include "lab.h"

#define POLL_US 250000
#define A_SECOND 4 /* polls */
#define PATIENCE (10 * A_SECOND)
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

/* Whether the process that was waited for is there no more; `met` tells that it was there once. */
static int is_over(const char *group, int *met)
{
	if (waitpid(-1, NULL, WNOHANG) > 0)
		return 1;
	if (read_number(group, "cgroup.events", "populated ")) {
		*met = 1;
		return 0;
	}
	return *met;
}

int main(int argc, char **argv)
{
	long seen[PATIENCE] = { 0 }, now;
	int polls, met = 0;

	if (argc != 2)
		die("usage: standstill GROUP");
	for (polls = 0; polls < MAX_POLLS; polls++) {
		int window = PATIENCE;

		usleep(POLL_US);
		if (is_over(argv[1], &met))
			return 0;
		if (read_number(argv[1], "memory.events", "high "))
			window = A_SECOND;
		now = read_number(argv[1], "memory.current", NULL);
		if (polls >= window && now - seen[(polls - window) % PATIENCE] < (long)LITTLE)
			return 0;
		seen[polls % PATIENCE] = now;
	}
	errno = 0;
	die("it grows and grows");
}
