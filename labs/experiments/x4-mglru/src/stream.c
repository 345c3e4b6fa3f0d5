// SPDX-License-Identifier: GPL-2.0
/* A hot set at the head of a disk, used again after every MiB that is read once of the rest. */
#include <fcntl.h>
#include <sys/resource.h>

#include "lab.h"

#define DISK "/dev/disk/labkit/data"
#define STREAM (160 * LAB_MIB)

static long majors(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage))
		die("getrusage");
	return usage.ru_majflt;
}

static uint64_t use(const volatile unsigned char *hot, size_t bytes)
{
	uint64_t sum = 0;

	for (size_t at = 0; at < bytes; at += LAB_PAGE)
		sum += hot[at];
	return sum;
}

/* In thousandths, of what mincore(2) calls resident. */
static long resident(unsigned char *hot, size_t bytes)
{
	size_t pages = bytes / LAB_PAGE, found = 0;
	unsigned char *present = malloc(pages);

	if (!present || mincore(hot, bytes, present))
		die("mincore");
	for (size_t page = 0; page < pages; page++)
		found += present[page] & 1;
	free(present);
	return 1000 * found / pages;
}

int main(int count, char **words)
{
	static char buffer[LAB_MIB];
	size_t bytes = parse_number(words[count - 1]) * LAB_MIB;
	int disk = open(DISK, O_RDONLY);
	unsigned char *hot;
	long share, faults;

	if (disk < 0)
		die(DISK);
	hot = mmap(NULL, bytes, PROT_READ, MAP_SHARED, disk, 0);
	if (hot == MAP_FAILED)
		die("mmap");
	/* Twice: what was used once only is not hot. */
	use(hot, bytes);
	use(hot, bytes);
	faults = majors();
	for (off_t at = bytes; at < (off_t)STREAM; at += sizeof(buffer)) {
		if (pread(disk, buffer, sizeof(buffer), at) != sizeof(buffer))
			die("pread");
		use(hot, bytes);
	}
	share = resident(hot, bytes);
	printf("resident=%ld.%03ld\nmajors=%ld\n", share / 1000, share % 1000, majors() - faults);
	return 0;
}
