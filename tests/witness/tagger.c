// SPDX-License-Identifier: GPL-2.0
/*
 * Tags pages the way a lab's program would, in stages: does one, says so with a file, waits for the
 * next to be asked for. tagger MODE PAGES [NODE]
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "labkit_tags.h"

#define HUGE (2UL << 20)
#define MPOL_BIND 2

static char *region;
static size_t size;

static void stage(int number)
{
	char path[40];

	snprintf(path, sizeof(path), "/tmp/done.%d", number);
	close(open(path, O_CREAT | O_WRONLY, 0644));
	snprintf(path, sizeof(path), "/tmp/go.%d", number + 1);
	while (access(path, F_OK))
		usleep(10000);
}

static void map(int advice)
{
	char *raw = mmap(NULL, size + HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (raw == MAP_FAILED)
		_exit(1);
	region = (char *)(((unsigned long)raw + HUGE - 1) & ~(HUGE - 1));
	if (madvise(region, size, advice))
		_exit(2);
}

static void bind_to(int node)
{
	unsigned long mask = 1UL << node;

	if (syscall(SYS_mbind, region, size, MPOL_BIND, &mask, 8 * sizeof(mask), 0))
		_exit(3);
}

/* Stage 1: shared. 2: the child has written to half of the pages. 3: the child is gone. */
static void copy_on_write(void)
{
	pid_t child = fork();
	size_t at;

	if (child == 0) {
		stage(1);
		for (at = 0; at < size / 2; at += TAG_PAGE)
			region[at + 4000] = 1;
		stage(2);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	stage(3);
}

/* The first quarter is locked; all of it is told to go. */
static void swap_out(void)
{
	if (mlock(region, size / 4))
		_exit(4);
	madvise(region, size / 4, MADV_PAGEOUT); /* refused for locked pages */
	if (madvise(region + size / 4, size - size / 4, MADV_PAGEOUT))
		_exit(5);
	stage(1);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 2 ? argv[1] : "";

	size = argc > 2 ? strtoul(argv[2], NULL, 10) * TAG_PAGE : 0;
	map(strcmp(mode, "huge") ? MADV_NOHUGEPAGE : MADV_HUGEPAGE);
	if (argc > 3)
		bind_to(atoi(argv[3]));
	tag_pages(tag_nonce(), 0, region, size);
	if (!strcmp(mode, "forge")) /* a tag whose index was edited */
		((struct labkit_tag *)region)->index = 99;
	if (!strcmp(mode, "cow"))
		copy_on_write();
	else if (!strcmp(mode, "swap"))
		swap_out();
	else
		stage(1);
	return 0;
}
