// SPDX-License-Identifier: GPL-2.0
/* twice PAGES: reads every page, then writes to it. mmap: malloc writes a header of its own. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

int main(int argc, char **argv)
{
	size_t bytes, at, page = 4096;
	volatile char *memory, seen;

	if (argc != 2) {
		fprintf(stderr, "usage: twice PAGES\n");
		return 2;
	}
	bytes = strtoul(argv[1], NULL, 10) * page;
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	raise(SIGSTOP);
	for (at = 0; at < bytes; at += page)
		seen = memory[at];
	raise(SIGSTOP);
	for (at = 0; at < bytes; at += page)
		memory[at] = 'x';
	raise(SIGSTOP);
	(void)seen;
	return 0;
}
