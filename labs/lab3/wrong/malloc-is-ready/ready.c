// SPDX-License-Identifier: GPL-2.0
/* malloc has returned, so the memory is there. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	size_t bytes, at;
	char *memory;

	if (argc != 2) {
		fprintf(stderr, "usage: ready PAGES\n");
		return 2;
	}
	bytes = strtoul(argv[1], NULL, 10) * 4096;
	memory = malloc(bytes);
	if (!memory) {
		perror("malloc");
		return 1;
	}
	raise(SIGSTOP);
	for (at = 0; at < bytes; at += 4096)
		memory[at] = 'x';
	raise(SIGSTOP);
	return 0;
}
