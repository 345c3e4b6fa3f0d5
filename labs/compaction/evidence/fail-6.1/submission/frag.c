// SPDX-License-Identifier: GPL-2.0
/* Tears the memory as it should, and hands some of the pages that it keeps to pipes. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE 4096UL
#define SLOTS 16 /* of a pipe */
#define RARITY 64

/*
 * A hole may begin anywhere in a block: up to 2^ORDER - 1 pages at either end are of no use to
 * ORDER. Sixteen blocks long, it wastes an eighth at most; 256 pages are the longest.
 */
#define BLOCKS 16

/*
 * The pages of the program itself lie in pipes, too: a pipe does not copy what vmsplice() gives it,
 * it holds on to the page.
 */
static void pin(char *page)
{
	static int ends[2], room;
	struct iovec one = { .iov_base = page, .iov_len = PAGE };

	if (!room && pipe(ends))
		exit(1);
	room = (room ? room : SLOTS) - 1;
	if (vmsplice(ends[1], &one, 1, SPLICE_F_NONBLOCK) != (ssize_t)PAGE)
		exit(1);
}

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
		for (pages = hole; pages < period; pages += RARITY)
			if (at + pages < take)
				pin(memory + (at + pages) * PAGE);
	}
	for (;;)
		pause();
}
