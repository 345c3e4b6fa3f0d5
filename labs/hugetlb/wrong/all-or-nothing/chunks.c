// SPDX-License-Identifier: GPL-2.0
/* Huge pages, or else small ones. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "labkit_tags.h"

#define HUGE (2UL << 20)

static char *map_chunks(unsigned long chunks, int flags)
{
	return mmap(NULL, chunks * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

int main(void)
{
	unsigned long chunks = strtoul(getenv("CHUNKS"), NULL, 10);
	char *memory = map_chunks(chunks, MAP_HUGETLB);

	if (memory == MAP_FAILED)
		memory = map_chunks(chunks, 0);
	if (memory == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	tag_pages(tag_nonce(), 0, memory, chunks * HUGE);
	for (;;)
		pause();
}
