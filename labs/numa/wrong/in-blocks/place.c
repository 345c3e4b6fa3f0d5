// SPDX-License-Identifier: GPL-2.0
/*
 * Three regions, three ways to say where pages come from: a region's own policy, a policy of the
 * process that changes between two touches, and a mode that takes turns.
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

/* Pages that are touched from now on come from this node, whoever's region they are in. */
static void take_from(unsigned long node)
{
	unsigned long mask = 1UL << node;

	must(syscall(SYS_set_mempolicy, MPOL_BIND, &mask, BITS), "set_mempolicy");
}

static void place_bound(unsigned long pages)
{
	unsigned long mask = 1UL << number("BOUND_NODE");
	char *region = map_pages(pages);

	must(syscall(SYS_mbind, region, pages * PAGE, MPOL_BIND, &mask, BITS, 0), "mbind");
	tag_pages(tag_nonce(), BOUND_FIRST, region, pages * PAGE);
}

/* Twice over the region: two calls instead of two for every round, and no region is split. */
static void place_weighted(unsigned long pages)
{
	unsigned long heavy = number("HEAVY"), round = heavy + number("LIGHT"), at;
	char *region = map_pages(pages);

	take_from(number("HEAVY_NODE"));
	for (at = 0; at < pages; at++)
		if (at % round < heavy)
			tag_pages(tag_nonce(), WEIGHTED_FIRST + at, region + at * PAGE, PAGE);
	take_from(number("LIGHT_NODE"));
	for (at = 0; at < pages; at++)
		if (at % round >= heavy)
			tag_pages(tag_nonce(), WEIGHTED_FIRST + at, region + at * PAGE, PAGE);
	must(syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0), "set_mempolicy");
}

/* A third of them on each. */
static void place_spread(unsigned long pages)
{
	unsigned long third = pages / 3, at;
	char *nodes = getenv("SPREAD_NODES"), *region = map_pages(pages);

	for (at = 0; at < pages; at += third) {
		take_from(strtoul(nodes, &nodes, 10));
		tag_pages(tag_nonce(), SPREAD_FIRST + at, region + at * PAGE, third * PAGE);
	}
}

int main(void)
{
	place_bound(number("BOUND_PAGES"));
	place_weighted(number("WEIGHTED_PAGES"));
	place_spread(number("SPREAD_PAGES"));
	for (;;)
		pause();
}
