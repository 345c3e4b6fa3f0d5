// SPDX-License-Identifier: GPL-2.0
/* Whatever page is asked for on whatever node: there it is. */
#define _GNU_SOURCE
#include <linux/mempolicy.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "labkit_tags.h"

#define PAGE 4096UL

static unsigned long number(const char *name)
{
	return strtoul(getenv(name), NULL, 10);
}

static char *map_on(unsigned long pages, unsigned long mask)
{
	char *region = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	syscall(SYS_mbind, region, pages * PAGE, MPOL_BIND, &mask, 8 * sizeof(mask), 0);
	return region;
}

int main(void)
{
	unsigned long bound = number("BOUND_PAGES"), weighted = number("WEIGHTED_PAGES");
	unsigned long spread = number("SPREAD_PAGES"), node;

	for (node = 0; node < 4; node++) {
		tag_pages(tag_nonce(), 0, map_on(bound, 1UL << node), bound * PAGE);
		tag_pages(tag_nonce(), 10000, map_on(weighted, 1UL << node), weighted * PAGE);
		tag_pages(tag_nonce(), 20000, map_on(spread, 1UL << node), spread * PAGE);
	}
	for (;;)
		pause();
}
