// SPDX-License-Identifier: GPL-2.0
/*
 * "anon PERCENT", "kernel PERCENT": take PERCENT of what is free in single pages, and give back
 * all but one in every 64, so that hardly any 2 MiB are free as a whole. What stays is a process'
 * pages, which may move, or a pipe's buffers, which may not (fs/pipe.c allocates them without
 * __GFP_MOVABLE).
 * "pool N": ask for N huge pages, and tell how many came.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/resource.h>

#include "lab.h"
#include "lab_stay.h"

#define POOL "/proc/sys/vm/nr_hugepages"
#define KEEP 64
#define PIPE_PAGES 16
#define ORDERS 11

static long number_in(const char *path, const char *key)
{
	FILE *file = fopen(path, "r");
	char line[512];
	long found = -1;

	if (!file)
		die("%s", path);
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, key, strlen(key))) {
			found = strtol(line + strlen(key), NULL, 10);
			break;
		}
	fclose(file);
	if (found < 0)
		die("no %s in %s", key, path);
	return found;
}

/* Free blocks of 2 MiB, those of 4 MiB twice; the zones of the only node together. */
static long whole_blocks(void)
{
	FILE *file = fopen("/proc/buddyinfo", "r");
	char line[512];
	long found = 0;

	if (!file)
		die("buddyinfo");
	while (fgets(line, sizeof(line), file)) {
		char *words = strstr(line, "DMA32");
		long order[ORDERS];

		if (!words)
			continue;
		words += strlen("DMA32");
		for (int each = 0; each < ORDERS; each++)
			order[each] = strtol(words, &words, 10);
		found += order[9] + 2 * order[10];
	}
	fclose(file);
	return found;
}

static void hold_anon(size_t pages)
{
	unsigned char *region = map_anonymous(pages * LAB_PAGE);

	if (madvise(region, pages * LAB_PAGE, MADV_NOHUGEPAGE) && errno != EINVAL)
		die("madvise");
	fill_pages(region, pages * LAB_PAGE, 10);
	for (size_t page = 0; page < pages; page++)
		if (page % KEEP && madvise(region + page * LAB_PAGE, LAB_PAGE, MADV_DONTNEED))
			die("madvise");
}

/* A page in a pipe stays until it is read: all are written, all but one in KEEP read again. */
static void hold_pipes(size_t pages)
{
	static uint64_t page[LAB_PAGE / sizeof(uint64_t)];
	size_t pipes = pages / PIPE_PAGES;
	struct rlimit files = {2 * pipes + 64, 2 * pipes + 64};
	int (*ends)[2] = malloc(pipes * sizeof(*ends));

	if (!ends || setrlimit(RLIMIT_NOFILE, &files))
		die("room for %zu pipes", pipes);
	for (size_t number = 0; number < pipes; number++) {
		if (pipe(ends[number]))
			die("pipe %zu", number);
		for (size_t index = 0; index < PIPE_PAGES; index++) {
			fill_page(page, index, number);
			if (write(ends[number][1], page, LAB_PAGE) != (ssize_t)LAB_PAGE)
				die("write");
		}
	}
	for (size_t number = 0; number < pipes; number++) {
		size_t stay = number % (KEEP / PIPE_PAGES) ? 0 : 1;

		for (size_t index = stay; index < PIPE_PAGES; index++)
			if (read(ends[number][0], page, LAB_PAGE) != (ssize_t)LAB_PAGE)
				die("read");
	}
}

struct part {
	const char *of;
	size_t pages;
};

static void hold(const void *what)
{
	const struct part *part = what;

	if (!strcmp(part->of, "anon"))
		hold_anon(part->pages);
	else
		hold_pipes(part->pages);
}

static void ask(long wanted)
{
	char text[32];

	printf("free=%ld\n", number_in("/proc/meminfo", "MemFree:") << 10);
	printf("whole=%ld\n", whole_blocks());
	snprintf(text, sizeof(text), "%ld", wanted);
	write_text(POOL, text);
	printf("asked=%ld\ngot=%ld\n", wanted, number_in("/proc/meminfo", "HugePages_Total:"));
}

int main(int count, char **words)
{
	if (count != 3)
		die("scatter anon|kernel PERCENT, scatter pool N");
	if (!strcmp(words[1], "pool")) {
		ask(parse_number(words[2]));
	} else if (parse_number(words[2])) {
		long free_pages = number_in("/proc/meminfo", "MemFree:") / 4;
		struct part part = {words[1], free_pages * parse_number(words[2]) / 100};

		stay_with(hold, &part);
	}
	return 0;
}
