// SPDX-License-Identifier: GPL-2.0
/* Three regions, filled and then told where they should lie. */
#define _GNU_SOURCE
#include <linux/mempolicy.h>
#include <sched.h>
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
	return strtoul(getenv(name), NULL, 10);
}

static char *filled(unsigned long first, unsigned long pages)
{
	char *region = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (region == MAP_FAILED)
		exit(1);
	tag_pages(tag_nonce(), first, region, pages * PAGE);
	return region;
}

static void bind_to(char *start, unsigned long pages, unsigned long node)
{
	unsigned long mask = 1UL << node;

	if (syscall(SYS_mbind, start, pages * PAGE, MPOL_BIND, &mask, BITS, 0))
		exit(1);
}

static void bind_in_rounds(char *region, unsigned long pages)
{
	unsigned long heavy = number("HEAVY"), light = number("LIGHT"), at;

	for (at = 0; at < pages; at += heavy + light) {
		bind_to(region + at * PAGE, heavy, number("HEAVY_NODE"));
		bind_to(region + (at + heavy) * PAGE, light, number("LIGHT_NODE"));
	}
}

/* CPU n is node n's: not on the bound node's, where it would be right by chance. */
static void leave_bound_node(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(number("BOUND_NODE") == 0, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		exit(1);
}

int main(void)
{
	unsigned long bound = number("BOUND_PAGES"), weighted = number("WEIGHTED_PAGES");
	unsigned long spread = number("SPREAD_PAGES"), third = spread / 3;
	char *nodes = getenv("SPREAD_NODES"), *region;
	int part;

	leave_bound_node();
	bind_to(filled(BOUND_FIRST, bound), bound, number("BOUND_NODE"));
	bind_in_rounds(filled(WEIGHTED_FIRST, weighted), weighted);
	region = filled(SPREAD_FIRST, spread);
	for (part = 0; part < 3; part++)
		bind_to(region + part * third * PAGE, third, strtoul(nodes, &nodes, 10));
	for (;;)
		pause();
}
