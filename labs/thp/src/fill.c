// SPDX-License-Identifier: GPL-2.0
/*
 * Which pages does a region get, huge or small? Four regions, every page written once:
 *
 *	fill OFFSET PAGES SPARSE
 *
 * The first three have PAGES pages and begin OFFSET pages behind a 2 MiB boundary. Nothing is said
 * of region 0, of region 1 MADV_HUGEPAGE, of region 2 MADV_NOHUGEPAGE. Region 3 is SPARSE areas of
 * 2 MiB, of each of which one page is written. Page i of region r has the tag (r << 16) + i, the
 * page of area i of region 3 the same. When all is written the program stops itself.
 */
#include <signal.h>

#include "lab.h"
#include "labkit_tags.h"

#define HUGE (2 * LAB_MIB)
#define SLOT (16 * LAB_MIB) /* of addresses, for each region */
#define REGIONS 3

static char *reserve(size_t bytes)
{
	/* Nobody may touch what lies around a region: no two of them become one mapping. */
	char *all = mmap(NULL, bytes + HUGE, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (all == MAP_FAILED)
		die("mmap");
	return (char *)(((uintptr_t)all + HUGE - 1) & ~(HUGE - 1));
}

static void open_region(char *region, size_t bytes, int advice)
{
	if (mprotect(region, bytes, PROT_READ | PROT_WRITE))
		die("mprotect");
	if (advice && madvise(region, bytes, advice))
		die("madvise");
}

int main(int argc, char **argv)
{
	static const int advice[REGIONS] = { 0, MADV_HUGEPAGE, MADV_NOHUGEPAGE };
	size_t offset, pages, sparse, at;
	char *base, *region;

	if (argc != 4)
		die("usage: fill OFFSET PAGES SPARSE");
	offset = (size_t)parse_number(argv[1]);
	pages = (size_t)parse_number(argv[2]);
	sparse = (size_t)parse_number(argv[3]);
	base = reserve((REGIONS + 2) * SLOT);
	for (at = 0; at < REGIONS; at++) {
		region = base + at * SLOT + offset * LAB_PAGE;
		open_region(region, pages * LAB_PAGE, advice[at]);
		tag_pages(tag_nonce(), at << 16, region, pages * LAB_PAGE);
	}
	region = base + REGIONS * SLOT;
	open_region(region, sparse * HUGE, 0);
	for (at = 0; at < sparse; at++)
		tag_pages(tag_nonce(), ((uint64_t)REGIONS << 16) + at, region + at * HUGE,
			  LAB_PAGE);
	raise(SIGSTOP);
	return 0;
}
