// SPDX-License-Identifier: GPL-2.0
/* Takes MIB of memory for real: an address becomes a page when something is written to it. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	size_t bytes, at, page = (size_t)sysconf(_SC_PAGESIZE);
	volatile char *memory;

	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: hog MIB [SECONDS]\n");
		return 2;
	}
	bytes = strtoul(argv[1], NULL, 10) << 20;
	memory = malloc(bytes);
	if (!memory) {
		perror("malloc");
		return 1;
	}
	/* Every page is written to. */
	for (at = 0; at < bytes; at += page)
		memory[at] = 0;
	if (argc == 3)
		sleep((unsigned int)strtoul(argv[2], NULL, 10));
	return 0;
}
