// SPDX-License-Identifier: GPL-2.0
/*
 * What does a mapping of huge pages take, and when? Maps MAPPED huge pages of 2 MiB, touches all of
 * the first TOUCHED, 4 KiB by 4 KiB, and says how far it came, a number a line:
 *
 *	holder MAPPED TOUCHED [noreserve]
 *
 *	error 12	mmap(2) failed, with this errno
 *	touched 5	huge pages that were touched to their end
 *	faults 5	page faults that this took
 *	signal 7	that ended it
 *
 * A holder that ended neither way stays behind, asleep on its pages.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "lab.h"

#define HUGE (2 * LAB_MIB)

struct told {
	long error, touched, faults;
};

static long faults(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage))
		die("getrusage");
	return usage.ru_minflt + usage.ru_majflt;
}

static void touch(char *region, long pages, struct told *told)
{
	long before;

	told->touched = 0; /* the page that tells is there before faults are counted */
	before = faults();
	for (; told->touched < pages; told->touched++)
		fill_pages(region + told->touched * HUGE, HUGE, (uint64_t)told->touched);
	told->faults = faults() - before;
}

static __attribute__((noreturn)) void hold(char **words, int count, struct told *told, int ready)
{
	long mapped = parse_number(words[1]), touched = parse_number(words[2]);
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, null = open("/dev/null", O_RDWR);
	char *region;

	write_text("/proc/self/oom_score_adj", "0");
	if (count == 4)
		flags |= MAP_NORESERVE;
	region = mmap(NULL, (size_t)mapped * HUGE, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (region == MAP_FAILED) {
		told->error = errno;
		_exit(0);
	}
	touch(region, touched, told);
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
		_exit(1);
	if (write(ready, "r", 1) != 1)
		_exit(1);
	close(ready);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	struct told *told = mmap(NULL, LAB_PAGE, PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int ready[2], status = 0;
	char byte;
	pid_t pid;

	if (argc != 3 && !(argc == 4 && !strcmp(argv[3], "noreserve")))
		die("usage: holder MAPPED TOUCHED [noreserve]");
	if (told == MAP_FAILED || pipe(ready))
		die("a pipe and a page");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		close(ready[0]);
		hold(argv, argc, told, ready[1]);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1 && waitpid(pid, &status, 0) != pid)
		die("holder");
	printf("error %ld\ntouched %ld\nfaults %ld\nsignal %d\n", told->error, told->touched,
	       told->faults, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}
