/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What does a program hold when it has come to rest? A lab's src/hold.c is this file and a main():
 *
 *	hold PROGRAM
 *
 * Starts PROGRAM, waits until it sleeps and its memory no longer grows, and leaves it there for
 * others to look at. A program that ends before that had nothing to show: what it said is repeated
 * on stderr. Needs _GNU_SOURCE before.
 */
#ifndef LAB_HOLD_H
#define LAB_HOLD_H

#include <fcntl.h>
#include <sys/wait.h>

#include "lab.h"

#define POLL_US 20000
#define CALM_POLLS 8   /* asleep and unchanged for 0.16 s: done, not waiting for a CPU */
#define MAX_POLLS 1000 /* 20 s */

static inline void repeat_its_words(int said)
{
	char text[1024];
	ssize_t length;

	length = pread(said, text, sizeof(text), 0);
	if (length > 0)
		fwrite(text, 1, (size_t)length, stderr);
	errno = 0;
}

/* Resident pages of a sleeping process, -1 while it runs, -2 when it has ended. */
static inline long asleep_with(pid_t pid)
{
	char path[64], state = 'R';
	long pages = 0;
	FILE *stat;
	int status;

	if (waitpid(pid, &status, WNOHANG) == pid)
		return -2;
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	stat = fopen(path, "r");
	/* proc(5): the state is field 3, rss field 24 */
	if (!stat || fscanf(stat,
			    "%*d (%*[^)]) %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u"
			    " %*u %*u %*d %*d %*d %*d %*d %*d %*u %*u %ld",
			    &state, &pages) != 2)
		die("%s", path);
	fclose(stat);
	return state == 'S' ? pages : -1;
}

static inline void wait_until_calm(pid_t pid, int said)
{
	long last = -1, now;
	int calm = 0, polls;

	for (polls = 0; polls < MAX_POLLS && calm < CALM_POLLS; polls++) {
		usleep(POLL_US);
		now = asleep_with(pid);
		if (now == -2) {
			repeat_its_words(said);
			die("it ended before anybody could look");
		}
		calm = now >= 0 && now == last ? calm + 1 : 0;
		last = now;
	}
	errno = 0;
	if (calm < CALM_POLLS)
		die("it did not come to rest");
}

static inline int hold(int argc, char **argv)
{
	int null = open("/dev/null", O_RDONLY), said = memfd_create("said", 0);
	pid_t pid;

	if (argc != 2)
		die("usage: hold PROGRAM");
	if (null < 0 || said < 0)
		die("files");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		if (dup2(null, 0) < 0 || dup2(said, 1) < 0 || dup2(said, 2) < 0)
			_exit(1);
		execl(argv[1], argv[1], (char *)NULL);
		die("%s", argv[1]);
	}
	wait_until_calm(pid, said);
	return 0;
}

#endif
