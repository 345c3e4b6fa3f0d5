// SPDX-License-Identifier: GPL-2.0
/* A mapping a chunk: each is promised its huge page, or is told at once that there is none. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "labkit_tags.h"

#define HUGE (2UL << 20)
#define TAGS (HUGE / TAG_PAGE)

static void *map_chunk(int flags)
{
	return mmap(NULL, HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

int main(void)
{
	unsigned long chunks = strtoul(getenv("CHUNKS"), NULL, 10), at;

	for (at = 0; at < chunks; at++) {
		void *chunk = map_chunk(MAP_HUGETLB);

		if (chunk == MAP_FAILED)
			chunk = map_chunk(0);
		if (chunk == MAP_FAILED) {
			perror("mmap");
			return 1;
		}
		tag_pages(tag_nonce(), at * TAGS, chunk, HUGE);
	}
	for (;;)
		pause();
}
