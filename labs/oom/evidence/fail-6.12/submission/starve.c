// SPDX-License-Identifier: GPL-2.0
/* starve NODE: memory runs out on that node, and nowhere else. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define BYTES (1UL << 30) /* more than the guest has */

int main(int argc, char **argv)
{
	size_t at, page = (size_t)sysconf(_SC_PAGESIZE);
	volatile char *memory;

	if (argc != 2) {
		fprintf(stderr, "usage: starve NODE\n");
		return 2;
	}
	(void)argv;
	/* TODO: tell the kernel from which node alone this process wants its memory. */
	memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	for (at = 0; at < BYTES; at += page)
		memory[at] = 1;
	return 0;
}
