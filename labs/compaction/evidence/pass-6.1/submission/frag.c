// SPDX-License-Identifier: GPL-2.0
/*
 * Takes TAKE pages and gives GIVE of them back in holes of one length, evenly spread: no 512 pages
 * in a row are free, and blocks of ORDER still are.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096UL

/*
 * A hole may begin anywhere in a block: up to 2^ORDER - 1 pages at either end are of no use to
 * ORDER. Sixteen blocks long, it wastes an eighth at most; 256 pages are the longest.
 */
#define BLOCKS 16

int main(int argc, char **argv)
{
	unsigned long take, give, hole, period, given = 0, at;
	char *memory;

	if (argc != 4) {
		fprintf(stderr, "usage: frag TAKE GIVE ORDER\n");
		return 2;
	}
	take = strtoul(argv[1], NULL, 10);
	give = strtoul(argv[2], NULL, 10);
	hole = (unsigned long)BLOCKS << strtoul(argv[3], NULL, 10);
	memory = mmap(NULL, take * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);
	if (memory == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	for (at = 0; at < take; at++)
		*(uint64_t *)(memory + at * PAGE) = at + 1;

	period = take * hole / give;
	for (at = 0; given < give; at += period) {
		unsigned long pages = give - given < hole ? give - given : hole;

		if (madvise(memory + at * PAGE, pages * PAGE, MADV_DONTNEED)) {
			perror("madvise");
			return 1;
		}
		given += pages;
	}
	for (;;)
		pause();
}
