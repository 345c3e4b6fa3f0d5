// SPDX-License-Identifier: GPL-2.0
/* exact PAGES FAULTS: between its two stops FAULTS minor faults and PAGES more pages. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	size_t pages, faults;
	volatile char *memory;

	if (argc != 3) {
		fprintf(stderr, "usage: exact PAGES FAULTS\n");
		return 2;
	}
	pages = strtoul(argv[1], NULL, 10);
	faults = strtoul(argv[2], NULL, 10);
	memory = malloc(pages * 4096);
	if (!memory) {
		perror("malloc");
		return 1;
	}
	raise(SIGSTOP); /* labkit counts, and sends SIGCONT */
	/* TODO: FAULTS faults and PAGES pages. To touch each page once is not enough. */
	memory[0] = (char)faults;
	raise(SIGSTOP); /* labkit counts again */
	return 0;
}
