// SPDX-License-Identifier: GPL-2.0
/*
 * What becomes of a process under the limits of its cgroup? Joins the cgroup, takes memory, goes
 * over it PASSES times in all, and ends with 0; with 0 passes it sleeps on its memory for ever, and
 * who started it goes on as soon as it has it. With through-swap a sleeper's pages were in swap
 * once and are read since: swap still holds them as they are, so that the kernel can take them
 * without writing. A slow disk would else decide who dies:
 *
 *	member NAME GROUP MIB PASSES [through-swap]
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

static long long bytes_in(const char *group)
{
	char path[160];
	long long bytes = -1;
	FILE *file;

	snprintf(path, sizeof(path), "%s/memory.current", group);
	file = fopen(path, "r");
	if (!file || fscanf(file, "%lld", &bytes) != 1)
		die("%s", path);
	fclose(file);
	return bytes;
}

/* What is being written to swap is not reclaimed yet, so the request is made again. */
static void go_through_swap(const char *group, const char *region, size_t bytes)
{
	char path[160], amount[32];
	long long most = bytes_in(group) - (long long)bytes + LAB_MIB;
	size_t at;
	int tries, file, sum = 0;

	snprintf(path, sizeof(path), "%s/memory.reclaim", group);
	snprintf(amount, sizeof(amount), "%zu", bytes);
	for (tries = 0; bytes_in(group) > most; tries++) {
		if (tries == 200) /* its pauses alone are four seconds, and a request waits, too */
			die("%s does not go to swap", group);
		file = open(path, O_WRONLY);
		if (file < 0)
			die("%s", path);
		if (write(file, amount, strlen(amount)) < 0 && errno != EAGAIN)
			die("write to %s", path);
		close(file);
		usleep(20000);
	}
	for (at = 0; at < bytes; at += LAB_PAGE)
		sum += *(volatile const char *)(region + at);
	(void)sum;
}

/* Returns in the parent, when the child has its memory. */
static void sleep_on(const char *name, const char *group, size_t bytes, int through_swap)
{
	int ready[2];
	char byte;
	void *region;
	pid_t pid;

	if (pipe(ready))
		die("pipe");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		close(ready[0]);
		become_member(name, group);
		region = map_anonymous(bytes);
		fill_pages(region, bytes, 0);
		if (through_swap)
			go_through_swap(group, region, bytes);
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

	if (argc != 5 && argc != 6)
		die("usage: member NAME GROUP MIB PASSES [through-swap]");
	bytes = (size_t)parse_number(argv[3]) * LAB_MIB;
	passes = parse_number(argv[4]);
	if (!passes) {
		sleep_on(argv[1], argv[2], bytes, argc == 6);
		return 0;
	}
	become_member(argv[1], argv[2]);
	region = map_anonymous(bytes);
	for (pass = 0; pass < passes; pass++)
		fill_pages(region, bytes, (uint64_t)pass);
	return 0;
}
