// SPDX-License-Identifier: GPL-2.0
/* twice PAGES: reads every page between its first two stops, writes to all before the third. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	size_t bytes;
	char *memory;

	if (argc != 2) {
		fprintf(stderr, "usage: twice PAGES\n");
		return 2;
	}
	bytes = strtoul(argv[1], NULL, 10) * 4096;
	memory = malloc(bytes);
	if (!memory) {
		perror("malloc");
		return 1;
	}
	raise(SIGSTOP);
	/* TODO: read one byte of every page. What keeps the compiler from leaving that out? */
	raise(SIGSTOP);
	/* TODO: write to every page */
	raise(SIGSTOP);
	return 0;
}
