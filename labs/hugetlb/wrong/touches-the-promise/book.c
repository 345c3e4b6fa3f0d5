// SPDX-License-Identifier: GPL-2.0
/* A policy for each region before it is touched; a mapping for what is promised. */
#define _GNU_SOURCE
#include <linux/mempolicy.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "labkit_tags.h"

#define HUGE (2UL << 20)
#define NODE0_FIRST 0
#define NODE1_FIRST 100000

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
	char *region = mmap(NULL, pages * HUGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	if (region == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	return region;
}

static void take_on(unsigned long node, unsigned long first, unsigned long pages)
{
	unsigned long mask = 1UL << node;
	char *region = map_huge(pages);

	if (syscall(SYS_mbind, region, pages * HUGE, MPOL_BIND, &mask, 8 * sizeof(mask), 0)) {
		perror("mbind");
		exit(1);
	}
	tag_pages(tag_nonce(), first, region, pages * HUGE);
}

int main(void)
{
	take_on(0, NODE0_FIRST, number("NODE0_PAGES"));
	take_on(1, NODE1_FIRST, number("NODE1_PAGES"));
	tag_pages(tag_nonce(), 200000, map_huge(number("PROMISED")), number("PROMISED") * HUGE);
	for (;;)
		pause();
}
