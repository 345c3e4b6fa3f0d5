// SPDX-License-Identifier: GPL-2.0
/* Write a file, so that it is in the page cache, map it, count the faults of one pass over it. */
#include <fcntl.h>
#include <sys/resource.h>

#include "lab.h"

#define FILE_NAME "/tmp/mapped"

static struct rusage usage(void)
{
	struct rusage found;

	if (getrusage(RUSAGE_SELF, &found))
		die("getrusage");
	return found;
}

int main(int count, char **words)
{
	size_t pages = parse_number(words[count - 1]);
	int file = open(FILE_NAME, O_RDWR | O_CREAT | O_TRUNC, 0600);
	static uint64_t page[LAB_PAGE / sizeof(uint64_t)];
	struct rusage before, after;
	unsigned char *region;
	uint64_t sum = 0;

	if (file < 0)
		die(FILE_NAME);
	for (size_t index = 0; index < pages; index++) {
		fill_page(page, index, 14);
		if (write(file, page, LAB_PAGE) != (ssize_t)LAB_PAGE)
			die("write");
	}
	region = mmap(NULL, pages * LAB_PAGE, PROT_READ, MAP_SHARED, file, 0);
	if (region == MAP_FAILED)
		die("mmap of %zu pages", pages);
	before = usage();
	for (size_t index = 0; index < pages; index++)
		sum += region[index * LAB_PAGE];
	after = usage();
	printf("pages=%zu\nminors=%ld\nmajors=%ld\n", pages, after.ru_minflt - before.ru_minflt,
	       after.ru_majflt - before.ru_majflt);
	return sum == 0;
}
