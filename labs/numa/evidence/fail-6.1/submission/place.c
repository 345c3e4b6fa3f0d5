// SPDX-License-Identifier: GPL-2.0
/*
 * place: three regions of tagged pages, each on the nodes that the handout names. Then it sleeps,
 * and the host looks into the memory of every node for the tags.
 *
 * The policies are system calls without a function in libc: syscall(SYS_mbind, ...) and
 * syscall(SYS_set_mempolicy, ...), see mbind(2) and set_mempolicy(2).
 */
#define _GNU_SOURCE
#include <linux/mempolicy.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "labkit_tags.h" /* tag_pages(nonce, first index, start, bytes) */

#define PAGE 4096UL
#define BOUND_FIRST 0
#define WEIGHTED_FIRST 10000
#define SPREAD_FIRST 20000

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

int main(void)
{
	unsigned long bound = number("BOUND_PAGES");
	unsigned long weighted = number("WEIGHTED_PAGES");
	unsigned long spread = number("SPREAD_PAGES");

	/* TODO: all of them on node BOUND_NODE */
	tag_pages(tag_nonce(), BOUND_FIRST, map_pages(bound), bound * PAGE);

	/* TODO: HEAVY pages on HEAVY_NODE, the next LIGHT pages on LIGHT_NODE, and so on */
	tag_pages(tag_nonce(), WEIGHTED_FIRST, map_pages(weighted), weighted * PAGE);

	/* TODO: page by page over the three nodes of SPREAD_NODES ("0 2 3", say) */
	tag_pages(tag_nonce(), SPREAD_FIRST, map_pages(spread), spread * PAGE);

	for (;;)
		pause();
}
