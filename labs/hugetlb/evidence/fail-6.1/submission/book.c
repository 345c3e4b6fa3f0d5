// SPDX-License-Identifier: GPL-2.0
/*
 * book: NODE0_PAGES huge pages on node 0, NODE1_PAGES on node 1, all of them tagged, and PROMISED
 * more that nobody else can have although they are not touched. Then it sleeps.
 */
#define _GNU_SOURCE
#include <linux/mempolicy.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "labkit_tags.h" /* tag_pages(nonce, first index, start, bytes) */

#define HUGE (2UL << 20)
#define NODE0_FIRST 0
#define NODE1_FIRST 100000

/* One of your numbers, which labkit puts into the environment. */
static unsigned long number(const char *name)
{
	const char *text = getenv(name);

	if (!text) {
		fprintf(stderr, "no %s in the environment\n", name);
		exit(2);
	}
	return strtoul(text, NULL, 10);
}

static char *map_huge(unsigned long pages)
{
	/* TODO: these are small pages */
	char *region = mmap(NULL, pages * HUGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (region == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	return region;
}

int main(void)
{
	unsigned long on0 = number("NODE0_PAGES"), on1 = number("NODE1_PAGES");

	/* TODO: on node 0, on node 1: syscall(SYS_mbind, start, bytes, MPOL_BIND, &mask, 64, 0) */
	tag_pages(tag_nonce(), NODE0_FIRST, map_huge(on0), on0 * HUGE);
	tag_pages(tag_nonce(), NODE1_FIRST, map_huge(on1), on1 * HUGE);

	/* TODO: the promise of PROMISED more */

	for (;;)
		pause();
}
