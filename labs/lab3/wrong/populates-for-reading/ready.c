// SPDX-License-Identifier: GPL-2.0
/* Populated, but with what a read would find. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22 /* since Linux 5.14; an older libc does not know it */
#endif

int main(int argc, char **argv)
{
	size_t bytes, at, page = 4096;
	char *memory;

	if (argc != 2) {
		fprintf(stderr, "usage: ready PAGES\n");
		return 2;
	}
	bytes = strtoul(argv[1], NULL, 10) * page;
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED || madvise(memory, bytes, MADV_POPULATE_READ)) {
		perror("memory");
		return 1;
	}
	raise(SIGSTOP);
	for (at = 0; at < bytes; at += page)
		memory[at] = 'x';
	raise(SIGSTOP);
	return 0;
}
