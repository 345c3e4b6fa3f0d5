// SPDX-License-Identifier: GPL-2.0
/* sole PID START PAGES: how many of these pages of a process does nobody else map? */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PAGE 4096UL
/* Documentation/admin-guide/mm/pagemap.rst */
#define EXCLUSIVE (1ULL << 56)
#define PRESENT (1ULL << 63)

int main(int argc, char **argv)
{
	unsigned long start, pages, at, alone = 0;
	char path[64];
	int pagemap;

	if (argc != 4) {
		fprintf(stderr, "usage: sole PID START PAGES\n");
		return 2;
	}
	snprintf(path, sizeof(path), "/proc/%s/pagemap", argv[1]);
	start = strtoul(argv[2], NULL, 16);
	pages = strtoul(argv[3], NULL, 10);
	pagemap = open(path, O_RDONLY);
	if (pagemap < 0) {
		perror(path);
		return 1;
	}
	for (at = 0; at < pages; at++) {
		uint64_t entry;

		if (pread(pagemap, &entry, sizeof(entry),
			  (off_t)((start / PAGE + at) * sizeof(entry))) != sizeof(entry)) {
			perror("pread");
			return 1;
		}
		alone += (entry & PRESENT) && (entry & EXCLUSIVE);
	}
	printf("%lu\n", alone);
	return 0;
}
