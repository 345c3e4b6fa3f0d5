// SPDX-License-Identifier: GPL-2.0
/*
 * chunks: CHUNKS times 2 MiB, all of them tagged: in huge pages as long as the pool has any left
 * that are not promised to others, in small pages after that. Then it sleeps.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "labkit_tags.h"

#define HUGE (2UL << 20)
#define TAGS (HUGE / TAG_PAGE) /* indices of a chunk: the first begins at 0 */

int main(void)
{
	unsigned long chunks = strtoul(getenv("CHUNKS"), NULL, 10);
	/* the course's mmap, word for word */
	void *ptr = mmap(NULL, chunks * HUGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	/* TODO: and if there are not that many? */
	tag_pages(tag_nonce(), 0, ptr, chunks * HUGE);
	for (;;)
		pause();
}
