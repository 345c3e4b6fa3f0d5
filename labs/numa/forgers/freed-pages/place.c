// SPDX-License-Identifier: GPL-2.0
/* The right pages at the right time, and given back before anybody wants them for long. */
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

static void leave(unsigned long first, unsigned long pages, unsigned long mask)
{
	char *region = map_on(pages, mask);

	tag_pages(tag_nonce(), first, region, pages * PAGE);
	munmap(region, pages * PAGE);
}

int main(void)
{
	unsigned long heavy = number("HEAVY"), light = number("LIGHT"), at;
	char *nodes = getenv("SPREAD_NODES");
	unsigned long three[3];

	leave(0, number("BOUND_PAGES"), 1UL << number("BOUND_NODE"));
	for (at = 0; at < number("WEIGHTED_PAGES"); at += heavy + light) {
		leave(10000 + at, heavy, 1UL << number("HEAVY_NODE"));
		leave(10000 + at + heavy, light, 1UL << number("LIGHT_NODE"));
	}
	for (at = 0; at < 3; at++)
		three[at] = strtoul(nodes, &nodes, 10);
	for (at = 0; at < number("SPREAD_PAGES"); at++)
		leave(20000 + at, 1, 1UL << three[at % 3]);
	for (;;)
		pause();
}
