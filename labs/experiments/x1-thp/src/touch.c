// SPDX-License-Identifier: GPL-2.0
/* Touch memory densely, or a page in every 2 MiB, and tell what it took: faults, memory, tables. */
#include <sys/resource.h>

#include "lab.h"

#define HUGE (2 * LAB_MIB)

static long minors(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage))
		die("getrusage");
	return usage.ru_minflt;
}

/* The number behind a key of a file of /proc, in bytes; those files count in kB. */
static long bytes_of(const char *path, const char *key)
{
	FILE *file = fopen(path, "r");
	char line[256];
	long found = -1;

	if (!file)
		die("%s", path);
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, key, strlen(key)))
			found = strtol(line + strlen(key), NULL, 10) << 10;
	fclose(file);
	if (found < 0)
		die("no %s in %s", key, path);
	return found;
}

int main(int count, char **words)
{
	size_t bytes;
	size_t step = LAB_PAGE;
	long faults, rss, tables;
	unsigned char *region;

	if (count != 4)
		die("touch MIB dense|sparse yes|no");
	bytes = parse_number(words[1]) * LAB_MIB;
	if (!strcmp(words[2], "sparse"))
		step = HUGE;
	/* Aligned, so that every huge page that fits is a whole one. */
	region = map_anonymous(bytes + HUGE);
	region += HUGE - (uintptr_t)region % HUGE;
	if (!strcmp(words[3], "yes") && madvise(region, bytes, MADV_HUGEPAGE))
		die("madvise");
	rss = bytes_of("/proc/self/status", "VmRSS:");
	tables = bytes_of("/proc/self/status", "VmPTE:");
	faults = minors();
	for (size_t at = 0; at < bytes; at += step)
		region[at] = 1;
	faults = minors() - faults;
	printf("touched=%zu\nminors=%ld\n", bytes / step * LAB_PAGE, faults);
	printf("rss=%ld\n", bytes_of("/proc/self/status", "VmRSS:") - rss);
	printf("tables=%ld\n", bytes_of("/proc/self/status", "VmPTE:") - tables);
	printf("huge=%ld\n", bytes_of("/proc/self/smaps_rollup", "AnonHugePages:"));
	return 0;
}
