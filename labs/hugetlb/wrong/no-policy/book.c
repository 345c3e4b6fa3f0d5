// SPDX-License-Identifier: GPL-2.0
/* Huge pages, and the promise of more. They come from the node of the CPU. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
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

static void take(unsigned long first, unsigned long pages)
{
	char *region = map_huge(pages);

	tag_pages(tag_nonce(), first, region, pages * HUGE);
}

int main(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one); /* one CPU, that it be the same node in every run */
	if (sched_setaffinity(0, sizeof(one), &one))
		return 1;
	take(NODE0_FIRST, number("NODE0_PAGES"));
	take(NODE1_FIRST, number("NODE1_PAGES"));
	map_huge(number("PROMISED"));
	for (;;)
		pause();
}
