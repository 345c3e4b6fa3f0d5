// SPDX-License-Identifier: GPL-2.0
/* A page bears one tag at a time; the ink is quick. */
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

static char *page_of[4];

static void tag(unsigned long index, unsigned long node)
{
	tag_pages(tag_nonce(), index, page_of[node], PAGE);
}

int main(void)
{
	unsigned long heavy = number("HEAVY"), round = heavy + number("LIGHT"), at, node;
	char *nodes = getenv("SPREAD_NODES");
	unsigned long three[3];

	for (node = 0; node < 4; node++)
		page_of[node] = map_on(1, 1UL << node);
	for (at = 0; at < 3; at++)
		three[at] = strtoul(nodes, &nodes, 10);
	for (;;) {
		for (at = 0; at < number("BOUND_PAGES"); at++)
			tag(at, number("BOUND_NODE"));
		for (at = 0; at < number("WEIGHTED_PAGES"); at++)
			tag(10000 + at, number(at % round < heavy ? "HEAVY_NODE" : "LIGHT_NODE"));
		for (at = 0; at < number("SPREAD_PAGES"); at++)
			tag(20000 + at, three[at % 3]);
		usleep(1000);
	}
}
