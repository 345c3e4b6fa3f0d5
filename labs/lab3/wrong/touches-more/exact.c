// SPDX-License-Identifier: GPL-2.0
/* As many pages as faults: the count is right, the memory is not. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

int main(int argc, char **argv)
{
	size_t pages, faults, at, page = 4096;
	volatile char *memory;

	if (argc != 3) {
		fprintf(stderr, "usage: exact PAGES FAULTS\n");
		return 2;
	}
	pages = strtoul(argv[1], NULL, 10);
	faults = strtoul(argv[2], NULL, 10);
	memory = mmap(NULL, faults * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		      -1, 0);
	if (memory == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	raise(SIGSTOP);
	for (at = 0; at < faults; at++)
		memory[at * page] = 'x';
	raise(SIGSTOP);
	(void)pages;
	return 0;
}
