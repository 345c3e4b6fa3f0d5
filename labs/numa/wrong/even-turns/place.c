// SPDX-License-Identifier: GPL-2.0
/*
 * Three regions, each with a policy of its own.
 */
#define _GNU_SOURCE
#include <linux/mempolicy.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "labkit_tags.h"

#define PAGE 4096UL
#define BOUND_FIRST 0
#define WEIGHTED_FIRST 10000
#define SPREAD_FIRST 20000
#define BITS (8 * sizeof(unsigned long))

static unsigned long number(const char *name)
{
	const char *text = getenv(name);

	if (!text) {
		fprintf(stderr, "no %s in the environment\n", name);
		exit(2);
	}
	return strtoul(text, NULL, 10);
}

static char *map_pages(unsigned long pages)
{
	char *region = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (region == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	return region;
}

static void must(long result, const char *call)
{
	if (result) {
		perror(call);
		exit(1);
	}
}

static void place_bound(unsigned long pages)
{
	unsigned long mask = 1UL << number("BOUND_NODE");
	char *region = map_pages(pages);

	must(syscall(SYS_mbind, region, pages * PAGE, MPOL_BIND, &mask, BITS, 0), "mbind");
	tag_pages(tag_nonce(), BOUND_FIRST, region, pages * PAGE);
}

/* Two nodes, one region, in turns. */
static void place_weighted(unsigned long pages)
{
	unsigned long mask = 1UL << number("HEAVY_NODE") | 1UL << number("LIGHT_NODE");
	char *region = map_pages(pages);

	must(syscall(SYS_mbind, region, pages * PAGE, MPOL_INTERLEAVE, &mask, BITS, 0), "mbind");
	tag_pages(tag_nonce(), WEIGHTED_FIRST, region, pages * PAGE);
}

static void place_spread(unsigned long pages)
{
	unsigned long mask = 0, node, bytes = pages * PAGE;
	char *nodes = getenv("SPREAD_NODES"), *end, *region = map_pages(pages);

	for (node = strtoul(nodes, &end, 10); end != nodes; node = strtoul(nodes, &end, 10)) {
		mask |= 1UL << node;
		nodes = end;
	}
	must(syscall(SYS_mbind, region, bytes, MPOL_INTERLEAVE, &mask, BITS, 0), "mbind");
	tag_pages(tag_nonce(), SPREAD_FIRST, region, bytes);
}

int main(void)
{
	place_bound(number("BOUND_PAGES"));
	place_weighted(number("WEIGHTED_PAGES"));
	place_spread(number("SPREAD_PAGES"));
	for (;;)
		pause();
}
