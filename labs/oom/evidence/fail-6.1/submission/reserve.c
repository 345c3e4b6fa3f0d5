// SPDX-License-Identifier: GPL-2.0
/* reserve GIB MIB: GIB of address space in one piece, MIB of it in use; then it sleeps. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	size_t bytes;
	char *range;

	if (argc != 3) {
		fprintf(stderr, "usage: reserve GIB MIB\n");
		return 2;
	}
	bytes = strtoul(argv[1], NULL, 10) << 30;
	/* TODO: under overcommit_memory 2 this is a promise that the kernel will not give. */
	range = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (range == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	/* TODO: make the first MIB mebibytes of it writable, and write to every page of them. */
	pause();
	return 0;
}
