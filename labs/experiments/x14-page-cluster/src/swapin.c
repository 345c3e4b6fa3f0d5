// SPDX-License-Identifier: GPL-2.0
/* Fill pages, have the cgroup reclaim them all, read them back in order, count the major faults. */
#include <fcntl.h>
#include <sys/resource.h>

#include "lab.h"

#define CGROUP "/sys/fs/cgroup/experiment/"
#define TRIES 20

static long majors(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage))
		die("getrusage");
	return usage.ru_majflt;
}

static long read_number(const char *path)
{
	FILE *file = fopen(path, "r");
	long number;

	if (!file || fscanf(file, "%ld", &number) != 1)
		die("%s", path);
	fclose(file);
	return number;
}

/* EAGAIN: less was reclaimed than asked for (mm/memcontrol.c, memory_reclaim()). */
static void reclaim(const char *amount)
{
	int file = open(CGROUP "memory.reclaim", O_WRONLY);

	if (file < 0)
		die(CGROUP "memory.reclaim");
	for (int round = 0; round < TRIES; round++)
		if (write(file, amount, strlen(amount)) < 0 && errno != EAGAIN)
			die("memory.reclaim");
	close(file);
}

static long resident(unsigned char *region, size_t pages)
{
	unsigned char *present = malloc(pages);
	long found = 0;

	if (!present || mincore(region, pages * LAB_PAGE, present))
		die("mincore");
	for (size_t page = 0; page < pages; page++)
		found += present[page] & 1;
	free(present);
	return found;
}

int main(int count, char **words)
{
	size_t pages = parse_number(words[count - 1]);
	unsigned char *region = map_anonymous(pages * LAB_PAGE);
	uint64_t sum = 0;
	long before;

	for (size_t page = 0; page < pages; page++)
		fill_page((uint64_t *)(region + page * LAB_PAGE), page, 14);
	for (int round = 0; round < TRIES && resident(region, pages) > (long)pages / 100; round++)
		reclaim("4M");
	before = majors();
	for (size_t page = 0; page < pages; page++)
		sum += region[page * LAB_PAGE];
	printf("pages=%zu\nmajors=%ld\ngroup=%d\n", pages, majors() - before,
	       1 << read_number("/proc/sys/vm/page-cluster"));
	return sum == 0;
}
