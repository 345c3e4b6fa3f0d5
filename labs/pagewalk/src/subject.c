// SPDX-License-Identifier: GPL-2.0
/*
 * What do page tables hold for memory that was mapped, read, written, protected, or is huge? Puts
 * single pages into such states at addresses that nobody can foresee, says where, and stops itself
 * for others to look; when it is let go on it changes some of them and stops once more:
 *
 *	subject FILE NAME1 NAME2 NAME3 NAME4 NAME5 GIB MIB2 BACK BLOCKS GIBS
 *
 * FILE gets a line `NAME VADDR INDEX` a page, where INDEX is that of the page's tag, or -. The five
 * NAMEs are for pages that are mapped and never touched. They lie around an anchor, the last page
 * of a block of 2 MiB in an otherwise empty range of 512 GiB: one page behind it, BACK pages before
 * it, BLOCKS times 2 MiB before it, GIBS GiB behind it, and 512 GiB behind it. The anchor's own
 * block begins GIB GiB and MIB2 times 2 MiB behind the range's first address.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/random.h>

#include "lab.h"
#include "labkit_tags.h"

#define HUGE (2 * LAB_MIB)
#define GIB (1UL << 30)
#define SLOT (512 * GIB) /* what one entry of a pgd covers with four levels, of a p4d with five */
#define HALF (1UL << 47) /* where the addresses of four levels end */

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

static FILE *list;
static uint64_t nr_tags;

static uint64_t any(uint64_t below)
{
	uint64_t word;

	if (getrandom(&word, sizeof(word), 0) != sizeof(word))
		die("getrandom");
	return word % below;
}

/* Map pages at an address, or say no when something else is there. */
static char *try_map(uintptr_t at, size_t bytes)
{
	void *got = mmap((void *)at, bytes, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

	return got == MAP_FAILED ? NULL : got;
}

static char *map_at(uintptr_t at, size_t bytes)
{
	char *got = try_map(at, bytes);

	if (!got)
		die("%zu bytes at %#lx", bytes, (unsigned long)at);
	return got;
}

/* A range of 512 GiB in which nothing is, nor in the next one. */
static uintptr_t empty_slot(void)
{
	static uint64_t taken;
	uint64_t at;

	do {
		at = 2 * (5 + any(30));
	} while (taken >> at / 2 & 1);
	taken |= 1ULL << at / 2;
	return at * SLOT;
}

/* Any byte of the page: whoever walks has to keep the offset apart. */
static void say(const char *name, const char *page, size_t size, int64_t tag)
{
	uintptr_t at = (uintptr_t)page + any(size);

	if (tag < 0)
		fprintf(list, "%s 0x%lx -\n", name, (unsigned long)at);
	else
		fprintf(list, "%s 0x%lx %ld\n", name, (unsigned long)at,
			(long)(tag + (int64_t)((at - (uintptr_t)page) / LAB_PAGE)));
}

/* A tag in every page; the index of the first. */
static int64_t write_to(char *start, size_t bytes)
{
	uint64_t first = nr_tags;

	tag_pages(tag_nonce(), first, start, bytes);
	nr_tags += bytes / LAB_PAGE;
	return (int64_t)first;
}

static char *page_somewhere(void)
{
	return map_at(empty_slot() + any(SLOT / LAB_PAGE) * LAB_PAGE, LAB_PAGE);
}

static void protect(char *start, size_t bytes, int how)
{
	if (mprotect(start, bytes, how))
		die("mprotect");
}

static void untouched(char **names, const long *number)
{
	uintptr_t slot = empty_slot();
	uintptr_t block = slot + (uintptr_t)number[0] * GIB + (uintptr_t)number[1] * HUGE;
	uintptr_t at = block + HUGE - LAB_PAGE;
	char *anchor = map_at(at, LAB_PAGE);

	say("anchor", anchor, LAB_PAGE, write_to(anchor, LAB_PAGE));
	say(names[0], map_at(at + LAB_PAGE, LAB_PAGE), LAB_PAGE, -1);
	say(names[1], map_at(at - (uintptr_t)number[2] * LAB_PAGE, LAB_PAGE), LAB_PAGE, -1);
	say(names[2], map_at(at - (uintptr_t)number[3] * HUGE, LAB_PAGE), LAB_PAGE, -1);
	say(names[3], map_at(at + (uintptr_t)number[4] * GIB, LAB_PAGE), LAB_PAGE, -1);
	say(names[4], map_at(at + SLOT, LAB_PAGE), LAB_PAGE, -1);
}

/* Beyond what four levels reach, five have memory for whoever names an address there. */
static void beyond(void)
{
	char *page = try_map(HALF * (2 + any(100)) + any(HALF / LAB_PAGE) * LAB_PAGE, LAB_PAGE);

	if (page)
		say("high", page, LAB_PAGE, -1);
	page = try_map(HALF * (120 + any(100)) + any(HALF / LAB_PAGE) * LAB_PAGE, LAB_PAGE);
	if (page)
		say("top", page, LAB_PAGE, write_to(page, LAB_PAGE));
}

int main(int argc, char **argv)
{
	volatile char *read_only_once, *read_first;
	char *written, *readonly, *nobody, *huge, *split;
	volatile char seen;
	long number[5];
	int64_t tag;
	int at;

	if (argc != 12)
		die("usage: subject FILE NAME1 … NAME5 GIB MIB2 BACK BLOCKS GIBS");
	for (at = 0; at < 5; at++)
		number[at] = parse_number(argv[7 + at]);
	list = fopen(argv[1], "w");
	if (!list)
		die("%s", argv[1]);

	untouched(argv + 2, number);
	beyond();

	read_only_once = page_somewhere();
	seen = *read_only_once;
	say("read", (char *)read_only_once, LAB_PAGE, -1);
	read_first = page_somewhere();
	seen = *read_first;
	say("also-read", (char *)read_first, LAB_PAGE, -1);
	written = page_somewhere();
	say("written", written, LAB_PAGE, write_to(written, LAB_PAGE));
	readonly = page_somewhere();
	tag = write_to(readonly, LAB_PAGE);
	protect(readonly, LAB_PAGE, PROT_READ);
	say("readonly", readonly, LAB_PAGE, tag);
	nobody = page_somewhere();
	tag = write_to(nobody, LAB_PAGE);
	protect(nobody, LAB_PAGE, PROT_NONE);
	say("protnone", nobody, LAB_PAGE, tag);
	huge = map_at(empty_slot() + any(SLOT / HUGE) * HUGE, HUGE);
	if (madvise(huge, HUGE, MADV_HUGEPAGE))
		die("MADV_HUGEPAGE");
	tag = write_to(huge, HUGE);
	say("huge", huge, HUGE, tag);
	say("huge-too", huge, HUGE, tag);
	fflush(list);
	raise(SIGSTOP);

	rewind(list);
	if (ftruncate(fileno(list), 0))
		die("%s", argv[1]);
	say("written-later", (char *)read_first, LAB_PAGE, write_to((char *)read_first, LAB_PAGE));
	split = huge + any(512) * LAB_PAGE;
	protect(split, LAB_PAGE, PROT_READ);
	say("split", split, LAB_PAGE, tag + (split - huge) / (long)LAB_PAGE);
	fflush(list);
	raise(SIGSTOP);
	(void)seen;
	return 0;
}
