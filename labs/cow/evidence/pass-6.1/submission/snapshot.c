// SPDX-License-Identifier: GPL-2.0
/* snapshot PAGES FIRST EVERY SCRATCH: saves a table while it changes it. fork() is the copy. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "labkit_tags.h"

#define PAGE 4096UL
#define CHANGED 0x10000
#define SCRATCH 0x20000
#define STATUS 0x30000

static char *map(size_t pages, int sharing)
{
	char *region = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
			    sharing | MAP_ANONYMOUS, -1, 0);

	if (region == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	return region;
}

static void change(char *table, size_t page)
{
	tag_pages(tag_nonce(), CHANGED + page, table + page * PAGE, PAGE);
}

/* Reads the table that was there at the fork: no page of it is copied for that. */
static __attribute__((noreturn)) void save(const volatile char *table, size_t pages, char *status,
					   int end)
{
	size_t at;
	char byte;

	for (at = 0; at < pages * PAGE; at += 64)
		(void)table[at];
	tag_pages(tag_nonce(), STATUS, status, PAGE);
	/* The parent may look and change; it closes its end when the saver may go. */
	if (read(end, &byte, 1) < 0)
		_exit(1);
	_exit(0);
}

int main(int argc, char **argv)
{
	size_t pages, first, every, scratch_pages, at;
	char *table, *scratch, *status;
	int end[2];
	pid_t saver;

	if (argc != 5 || pipe(end)) {
		fprintf(stderr, "usage: snapshot PAGES FIRST EVERY SCRATCH\n");
		return 2;
	}
	pages = strtoul(argv[1], NULL, 10);
	first = strtoul(argv[2], NULL, 10);
	every = strtoul(argv[3], NULL, 10);
	scratch_pages = strtoul(argv[4], NULL, 10);
	table = map(pages, MAP_PRIVATE);
	scratch = map(scratch_pages, MAP_PRIVATE);
	status = map(1, MAP_SHARED);
	tag_pages(tag_nonce(), 0, table, pages * PAGE);
	tag_pages(tag_nonce(), SCRATCH, scratch, scratch_pages * PAGE);
	if (madvise(scratch, scratch_pages * PAGE, MADV_DONTFORK)) {
		perror("madvise");
		return 1;
	}

	saver = fork();
	if (saver < 0) {
		perror("fork");
		return 1;
	}
	if (saver == 0) {
		close(end[1]);
		save(table, pages, status, end[0]);
	}
	close(end[0]);
	while (!*(volatile uint64_t *)status)
		usleep(1000);
	for (at = first; at < pages; at += every)
		change(table, at);
	raise(SIGSTOP);

	/* Only who is alone with a page keeps it when he writes. */
	close(end[1]);
	waitpid(saver, NULL, 0);
	for (at = 0; at < pages; at++)
		if (at < first || (at - first) % every)
			change(table, at);
	raise(SIGSTOP);
	return 0;
}
