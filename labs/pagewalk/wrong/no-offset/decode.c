// SPDX-License-Identifier: GPL-2.0
/* The frame is where the page is. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PRESENT (1ULL << 0)
#define PSE (1ULL << 7)
#define PROTNONE (1ULL << 8)
#define FRAME 0x000ffffffffff000ULL /* bits 12 to 51 */

static const char *const names[] = { "pte", "pmd", "pud", "p4d", "pgd" };

static const struct {
	const char *name;
	int bit;
} flags[] = {
	{ "PRESENT", 0 }, { "RW", 1 }, { "USER", 2 }, { "ACCESSED", 5 },
	{ "DIRTY", 6 }, { "HUGE", 7 }, { "NX", 63 },
};

/* level 0 is the pte's; an entry there maps 4 KiB, one above it 512 times as much. */
static unsigned int shift_of(int level)
{
	return 12 + 9 * (unsigned int)level;
}

static void print_flags(uint64_t entry)
{
	const char *before = "";
	size_t at;

	for (at = 0; at < sizeof(flags) / sizeof(flags[0]); at++) {
		if (!(entry >> flags[at].bit & 1))
			continue;
		printf("%s%s", before, flags[at].name);
		before = ",";
	}
}

static void decode(int levels, uint64_t vaddr, const uint64_t *entries, int count)
{
	int level = levels - count, at;
	uint64_t entry = entries[count - 1], inside = (1ULL << shift_of(level)) - 1, frame;

	printf("index=");
	for (at = levels - 1; at >= 0; at--)
		printf("%" PRIu64 "%s", vaddr >> shift_of(at) & 511, at ? "," : "");
	if (!(entry & (PRESENT | PROTNONE))) {
		printf(" leaf=none pfn=- phys=- flags=-\n");
		return;
	}
	/* arch/x86/include/asm/pgtable-invert.h: so that no speculation finds the page. */
	frame = (entry & PRESENT ? entry : ~entry) & FRAME & ~inside;
	printf(" leaf=%s pfn=%" PRIu64 " phys=0x%" PRIx64 " flags=", names[level], frame >> 12,
	       frame);
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
