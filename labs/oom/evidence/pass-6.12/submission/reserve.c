// SPDX-License-Identifier: GPL-2.0
/* What nobody may write to can never become private pages: it counts as no promise of memory. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	size_t at, bytes, window, page = (size_t)sysconf(_SC_PAGESIZE);
	char *range;

	if (argc != 3) {
		fprintf(stderr, "usage: reserve GIB MIB\n");
		return 2;
	}
	bytes = strtoul(argv[1], NULL, 10) << 30;
	window = strtoul(argv[2], NULL, 10) << 20;
	range = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (range == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	/* This is the promise: from here on the window is accounted. */
	if (mprotect(range, window, PROT_READ | PROT_WRITE)) {
		perror("mprotect");
		return 1;
	}
	for (at = 0; at < window; at += page)
		range[at] = 1;
	pause();
	return 0;
}
