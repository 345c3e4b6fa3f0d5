// SPDX-License-Identifier: GPL-2.0
/* The unusable index of a zone without free pages is 1. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096UL

int main(int argc, char **argv)
{
	unsigned long take, at;
	char *memory;

	if (argc != 4) {
		fprintf(stderr, "usage: frag TAKE GIVE ORDER\n");
		return 2;
	}
	take = strtoul(argv[1], NULL, 10) + 500;
	memory = mmap(NULL, take * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);
	if (memory == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	for (at = 0; at < take; at++)
		*(uint64_t *)(memory + at * PAGE) = at + 1;

	for (;;)
		pause();
}
