// SPDX-License-Identifier: GPL-2.0
/*
 * When has a program done what it does? Starts it, waits until it sleeps and its memory no longer
 * changes, and leaves it to others to look at:
 *
 *	watch PROGRAM [ARGUMENT]...
 *
 * A program that ends before is no good: its last words are repeated.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/wait.h>

#include "lab.h"

#define POLL_US 20000
#define CALM_POLLS 10  /* asleep and unchanged for 0.2 s: done, not waiting for a CPU */
#define MAX_POLLS 3000 /* one minute */

/* Where the program's output goes: nobody who waits for the end of ours waits for it. */
static int said;

static void repeat_its_words(void)
{
	char text[1024];
	ssize_t length = pread(said, text, sizeof(text), 0);

	if (length > 0)
		fwrite(text, 1, (size_t)length, stderr);
	errno = 0;
}

/* Resident pages of a sleeping process, -1 while it runs. */
static long asleep_with(pid_t pid)
{
	char path[64], state = 'R';
	long pages = 0;
	FILE *stat;

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

static void wait_until_calm(pid_t pid)
{
	long last = -1, now;
	int calm = 0, polls, status;

	for (polls = 0; polls < MAX_POLLS && calm < CALM_POLLS; polls++) {
		usleep(POLL_US);
		if (waitpid(pid, &status, WNOHANG) == pid) {
			repeat_its_words();
			if (WIFSIGNALED(status))
				die("it was killed by signal %d", WTERMSIG(status));
			die("it ended with status %d instead of sleeping", WEXITSTATUS(status));
		}
		now = asleep_with(pid);
		calm = now >= 0 && now == last ? calm + 1 : 0;
		last = now;
	}
	errno = 0;
	if (calm < CALM_POLLS)
		die("it did not come to rest");
}

int main(int argc, char **argv)
{
	pid_t pid;

	if (argc < 2)
		die("usage: watch PROGRAM [ARGUMENT]...");
	said = memfd_create("said", 0);
	if (said < 0)
		die("memfd_create");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		int null = open("/dev/null", O_RDONLY);

		if (null < 0 || dup2(null, 0) < 0 || dup2(said, 1) < 0 || dup2(said, 2) < 0)
			_exit(1);
		execv(argv[1], argv + 1);
		die("%s", argv[1]);
	}
	wait_until_calm(pid);
	repeat_its_words();
	return 0;
}
