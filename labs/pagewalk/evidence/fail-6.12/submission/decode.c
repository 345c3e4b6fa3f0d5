// SPDX-License-Identifier: GPL-2.0
/*
 * decode: reads a line `LEVELS VADDR ENTRY…` for each address, the entries from the top table down
 * to where the walk ends, and prints a line for each: index= leaf= pfn= phys= flags=, as the
 * handout says. Reading and printing are done; five functions are not.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Level 0 is the lowest, the pte's. */
static const char *const names[] = { "pte", "pmd", "pud", "p4d", "pgd" };

/* TODO: which entry of the table of this level does the address use? */
static unsigned int index_of(uint64_t vaddr, int level)
{
	return (unsigned int)(vaddr >> level);
}

/* TODO: does this last entry lead to a page? */
static int is_there(uint64_t entry)
{
	(void)entry;
	return 1;
}

/* TODO: which frame does a leaf of this level name? */
static uint64_t frame_of(uint64_t entry, int level)
{
	(void)level;
	return entry;
}

/* TODO: and at which physical address does the byte at this virtual address lie? */
static uint64_t physical_of(uint64_t vaddr, uint64_t entry, int level)
{
	return vaddr + frame_of(entry, level);
}

/* TODO: RW USER ACCESSED DIRTY HUGE NX, separated by commas */
static void print_flags(uint64_t entry)
{
	if (entry & 1)
		printf("PRESENT");
}

static void decode(int levels, uint64_t vaddr, const uint64_t *entries, int count)
{
	uint64_t entry = entries[count - 1];
	int level = levels - count, at;

	printf("index=");
	for (at = levels - 1; at >= 0; at--)
		printf("%u%s", index_of(vaddr, at), at ? "," : "");
	if (!is_there(entry)) {
		printf(" leaf=none pfn=- phys=- flags=-\n");
		return;
	}
	printf(" leaf=%s pfn=%" PRIu64 " phys=0x%" PRIx64 " flags=", names[level],
	       frame_of(entry, level), physical_of(vaddr, entry, level));
	print_flags(entry);
	putchar('\n');
}

int main(void)
{
	char line[256];

	while (fgets(line, sizeof(line), stdin)) {
		uint64_t entries[5], vaddr;
		int levels, count = 0;
		char *word = strtok(line, " \n");

		levels = word ? atoi(word) : 0;
		word = strtok(NULL, " \n");
		vaddr = word ? strtoull(word, NULL, 16) : 0;
		while (count < 5 && (word = strtok(NULL, " \n")))
			entries[count++] = strtoull(word, NULL, 16);
		if (levels < 4 || levels > 5 || !count || count > levels)
			return 1;
		decode(levels, vaddr, entries, count);
	}
	return 0;
}
