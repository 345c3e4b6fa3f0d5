// SPDX-License-Identifier: GPL-2.0
/*
 * How many page tables does it take to reach some pages? Reads PAGES, BLOCKS and GIBS single pages
 * that lie 4 KiB, 2 MiB and 1 GiB apart, each row from the start of an otherwise empty range of
 * 512 GiB on, and prints for each row its name, how many tables more the process has (VmPTE), and
 * how many pages of memory (RssAnon):
 *
 *	strides PAGES BLOCKS GIBS
 */
#include "lab.h"

#define GIB (1UL << 30)
#define SLOT (512 * GIB)
#define FIRST 20 /* of the ranges; the kernel maps nothing there by itself */

static char *rows[3];
static volatile char seen;

static long status_pages(const char *key)
{
	static char text[8192];
	char *line;
	FILE *status = fopen("/proc/self/status", "r");
	size_t length = status ? fread(text, 1, sizeof(text) - 1, status) : 0;

	if (status)
		fclose(status);
	text[length] = '\0';
	line = strstr(text, key);
	if (!line)
		die("%s in /proc/self/status", key);
	return strtol(line + strlen(key), NULL, 10) / 4;
}

static void read_row(const char *name, size_t row, size_t pages, size_t stride)
{
	long tables = status_pages("\nVmPTE:"), memory = status_pages("\nRssAnon:");
	size_t at;

	for (at = 0; at < pages; at++)
		seen = rows[row][at * stride];
	tables = status_pages("\nVmPTE:") - tables;
	printf("%s %ld %ld\n", name, tables, status_pages("\nRssAnon:") - memory);
}

int main(int argc, char **argv)
{
	static const size_t strides[] = { LAB_PAGE, 2 * LAB_MIB, GIB };
	size_t pages[3], row;

	if (argc != 4)
		die("usage: strides PAGES BLOCKS GIBS");
	for (row = 0; row < 3; row++) {
		pages[row] = (size_t)parse_number(argv[1 + row]);
		if (!pages[row] || pages[row] * strides[row] > SLOT)
			die("%s pages", argv[1 + row]);
		rows[row] = mmap((void *)((FIRST + 2 * row) * SLOT), pages[row] * strides[row],
				 PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
		if (rows[row] == MAP_FAILED)
			die("mmap of %zu GiB", pages[row] * strides[row] / GIB);
	}
	printf("row tables memory\n");
	read_row("fine", 0, pages[0], strides[0]);
	read_row("blocks", 1, pages[1], strides[1]);
	read_row("gibs", 2, pages[2], strides[2]);
	return 0;
}
