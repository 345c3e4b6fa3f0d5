// SPDX-License-Identifier: GPL-2.0
/*
 * What becomes of a process under the limits of its cgroup? Joins the cgroup, takes memory, goes
 * over it PASSES times in all, and ends with 0; with 0 passes it sleeps on its memory for ever, and
 * who started it goes on as soon as it has it:
 *
 *	member NAME GROUP MIB PASSES
 *
 * GROUP is the cgroup's folder. Its oom_score_adj is 0.
 */
#include <fcntl.h>
#include <sys/prctl.h>

#include "lab.h"

static void become_member(const char *name, const char *group)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/cgroup.procs", group);
	write_text(path, "0");
	write_text("/proc/self/oom_score_adj", "0");
	if (prctl(PR_SET_NAME, name))
		die("prctl");
}

static void leave_terminal(void)
{
	int null = open("/dev/null", O_RDWR);

	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
		die("/dev/null");
	close(null);
}

/* Returns in the parent, when the child has its memory. */
static void sleep_on(const char *name, const char *group, size_t bytes)
{
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe(ready))
		die("pipe");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		close(ready[0]);
		become_member(name, group);
		fill_pages(map_anonymous(bytes), bytes, 0);
		if (setsid() < 0 || write(ready[1], "r", 1) != 1)
			die("pipe");
		close(ready[1]);
		leave_terminal();
		for (;;)
			pause();
	}
	close(ready[1]);
	errno = 0;
	if (read(ready[0], &byte, 1) != 1)
		die("%s did not get its memory", name);
}

int main(int argc, char **argv)
{
	long passes, pass;
	size_t bytes;
	void *region;

	if (argc != 5)
		die("usage: member NAME GROUP MIB PASSES");
	bytes = (size_t)parse_number(argv[3]) * LAB_MIB;
	passes = parse_number(argv[4]);
	if (!passes) {
		sleep_on(argv[1], argv[2], bytes);
		return 0;
	}
	become_member(argv[1], argv[2]);
	region = map_anonymous(bytes);
	for (pass = 0; pass < passes; pass++)
		fill_pages(region, bytes, (uint64_t)pass);
	return 0;
}
