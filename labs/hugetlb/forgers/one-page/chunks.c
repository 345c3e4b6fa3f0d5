// SPDX-License-Identifier: GPL-2.0
/* One huge page, at as many addresses as there are chunks. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "labkit_tags.h"

#define HUGE (2UL << 20)

int main(void)
{
	unsigned long chunks = strtoul(getenv("CHUNKS"), NULL, 10), at;
	int file = memfd_create("one", MFD_HUGETLB);

	if (file < 0 || ftruncate(file, HUGE))
		return 1;
	for (at = 0; at < chunks; at++) {
		void *chunk = mmap(NULL, HUGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);

		if (chunk == MAP_FAILED)
			return 1;
		tag_pages(tag_nonce(), at * 512, chunk, HUGE);
	}
	for (;;)
		pause();
}
