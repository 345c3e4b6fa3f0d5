// SPDX-License-Identifier: GPL-2.0
/* All chunks were there once, each for as long as it took to write on it. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "labkit_tags.h"

#define HUGE (2UL << 20)
#define TAGS (HUGE / TAG_PAGE)

int main(void)
{
	unsigned long chunks = strtoul(getenv("CHUNKS"), NULL, 10), at;
	char *memory = mmap(NULL, chunks * HUGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return 1;
	for (at = 0; at < chunks; at++)
		tag_pages(tag_nonce(), at * TAGS, memory + at * HUGE, HUGE);
	madvise(memory, chunks * HUGE, MADV_DONTNEED);
	for (;;)
		pause();
}
