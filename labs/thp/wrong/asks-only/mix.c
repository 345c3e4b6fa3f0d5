// SPDX-License-Identifier: GPL-2.0
/* mix PATTERN SPARSE: huge pages where PATTERN has an H, small ones where an s; then reversed. */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "labkit_tags.h"

#define PAGE 4096UL
#define HUGE (2UL << 20)
#define SPARSE 0x10000
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

static void must(int failed, const char *what)
{
	if (failed) {
		perror(what);
		exit(1);
	}
}

/* A huge page needs 2 MiB of addresses that begin at a multiple of 2 MiB. */
static char *map_aligned(size_t areas)
{
	char *all = mmap(NULL, (areas + 1) * HUGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(all == MAP_FAILED, "mmap");
	return (char *)(((uintptr_t)all + HUGE - 1) & ~(HUGE - 1));
}

/* Another protection for one page takes a table of small entries, and taken back leaves it. */
static void split(char *area)
{
	must(mprotect(area, PAGE, PROT_READ), "mprotect");
	must(mprotect(area, PAGE, PROT_READ | PROT_WRITE), "mprotect");
}

/* Not of a mapping that is advised against. It copies, so it may take a new 2 MiB of memory. */
static void collapse(char *area)
{
	must(madvise(area, HUGE, MADV_HUGEPAGE), "MADV_HUGEPAGE");
	must(madvise(area, HUGE, MADV_COLLAPSE), "MADV_COLLAPSE");
}

int main(int argc, char **argv)
{
	size_t areas, sparse, at;
	char *region, *thin;

	if (argc != 3) {
		fprintf(stderr, "usage: mix PATTERN SPARSE\n");
		return 2;
	}
	areas = strlen(argv[1]);
	sparse = strtoul(argv[2], NULL, 10);
	region = map_aligned(areas);
	/* Before the first touch, and for every area: the mode decides what nobody advises. */
	for (at = 0; at < areas; at++)
		if (argv[1][at] == 'H')
			must(madvise(region + at * HUGE, HUGE, MADV_HUGEPAGE), "madvise");
	tag_pages(tag_nonce(), 0, region, areas * HUGE);

	thin = map_aligned(sparse);
	for (at = 0; at < sparse; at++)
		tag_pages(tag_nonce(), SPARSE + at, thin + at * HUGE, PAGE);
	raise(SIGSTOP);

	for (at = 0; at < areas; at++)
		if (argv[1][at] == 'H')
			split(region + at * HUGE);
		else
			collapse(region + at * HUGE);
	raise(SIGSTOP);
	return 0;
}
