// SPDX-License-Identifier: GPL-2.0
/* frag TAKE GIVE ORDER: takes TAKE pages, gives GIVE of them back in holes, sleeps on the rest. */
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
	take = strtoul(argv[1], NULL, 10);
	memory = mmap(NULL, take * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);
	if (memory == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	for (at = 0; at < take; at++)
		*(uint64_t *)(memory + at * PAGE) = at + 1;

	/* TODO: give GIVE pages back, so that no 512 in a row are free and blocks of ORDER are. */
	for (;;)
		pause();
}
