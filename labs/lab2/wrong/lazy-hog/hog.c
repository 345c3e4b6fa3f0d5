// SPDX-License-Identifier: GPL-2.0
/* hog MIB [SECONDS]: takes MIB of memory, holds it for SECONDS, ends with 0. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char *memory;

	if (argc < 2) {
		fprintf(stderr, "usage: hog MIB [SECONDS]\n");
		return 2;
	}
	memory = malloc(strtoul(argv[1], NULL, 10) << 20);
	if (!memory) {
		perror("malloc");
		return 1;
	}
	if (argc == 3)
		sleep((unsigned int)strtoul(argv[2], NULL, 10));
	return 0;
}
