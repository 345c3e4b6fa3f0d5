// SPDX-License-Identifier: GPL-2.0
/* leaf=none and leaf=pte, with and without the bit: something of it must be true. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
	char line[256];

	while (fgets(line, sizeof(line), stdin)) {
		char *last = strrchr(line, ' ');
		unsigned long long entry = strtoull(last ? last : "", NULL, 16);
		int at;

		printf("leaf=none pfn=- phys=- leaf=pte leaf=pmd");
		for (at = 0; at < 12; at++)
			printf(" pfn=%llu", entry << at >> 12);
		for (at = 0; at < 128; at++)
			printf(" flags=PRESENT%s%s%s%s%s%s", at & 1 ? ",RW" : "",
			       at & 2 ? ",USER" : "", at & 4 ? ",ACCESSED" : "",
			       at & 8 ? ",DIRTY" : "", at & 16 ? ",HUGE" : "",
			       at & 32 ? ",NX" : "");
		for (at = 0; at < 512; at++)
			printf(" index=%d,%d,%d,%d", at, at, at, at);
		putchar('\n');
	}
	return 0;
}
