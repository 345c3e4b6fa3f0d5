// SPDX-License-Identifier: GPL-2.0
/*
 * What does each act cost, and what is there afterwards? Puts a mapping of anonymous memory through
 * its paces and prints a line an act: its name, the minor faults it took, and then the pages and
 * the huge pages of memory that the mapping has.
 *
 *	paces small PAGES
 *	paces huge BEFORE HUGE AFTER
 *
 * The huge one begins BEFORE pages before an address that 2 MiB divide and ends AFTER pages behind
 * another such address; HUGE times 2 MiB lie between the two. Every mapping stands alone, with
 * unusable addresses on both sides: the kernel would join it to a neighbour of its kind.
 */
#include <fcntl.h>
#include <sys/resource.h>

#include "lab.h"

#define HUGE (2 * LAB_MIB)
#define MOST (64UL << 8) /* pages: 64 MiB */
#define POLL_US 10000
#define MAX_POLLS 2000 /* twenty seconds */

struct region {
	volatile char *start;
	size_t bytes;
};

struct line {
	const char *act;
	long faults, pages, huge;
};

static char smaps[64 << 10];
static struct line lines[16];
static unsigned int nr_lines;
static volatile char seen;

static struct region map_alone(size_t before, size_t bytes)
{
	size_t room = bytes + 2 * HUGE;
	void *around = mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uintptr_t start;

	if (around == MAP_FAILED)
		die("mmap of %zu bytes", room);
	start = ((uintptr_t)around + before + LAB_PAGE + HUGE - 1) / HUGE * HUGE - before;
	if (mprotect((void *)start, bytes, PROT_READ | PROT_WRITE))
		die("mprotect");
	return (struct region){ (volatile char *)start, bytes };
}

static long minor_faults(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage))
		die("getrusage");
	return usage.ru_minflt;
}

/* KiB of one field of one mapping in /proc/self/smaps. */
static long smaps_kib(const struct region *region, const char *field)
{
	size_t length = 0;
	char head[32], *at;
	ssize_t got;
	int file = open("/proc/self/smaps", O_RDONLY);

	while ((got = read(file, smaps + length, sizeof(smaps) - 1 - length)) > 0)
		length += (size_t)got;
	close(file);
	smaps[length] = '\0';
	snprintf(head, sizeof(head), "%lx-", (unsigned long)region->start);
	at = strstr(smaps, head);
	at = at ? strstr(at, field) : NULL;
	if (!at)
		die("%s of %s in smaps", field, head);
	return strtol(at + strlen(field), NULL, 10);
}

static void note(const char *act, const struct region *region, long before)
{
	lines[nr_lines++] = (struct line){
		.act = act,
		.faults = minor_faults() - before,
		.pages = smaps_kib(region, "\nRss:") / 4,
		.huge = smaps_kib(region, "\nAnonHugePages:") / 2048,
	};
}

static void read_all(const char *act, const struct region *region)
{
	long before = minor_faults();
	size_t at;

	for (at = 0; at < region->bytes; at += LAB_PAGE)
		seen = region->start[at];
	note(act, region, before);
}

static void write_all(const char *act, const struct region *region)
{
	long before = minor_faults();
	size_t at;

	for (at = 0; at < region->bytes; at += LAB_PAGE)
		region->start[at] = 'x';
	note(act, region, before);
}

static void advise(const char *act, const struct region *region, int advice)
{
	long before = minor_faults();

	if (madvise((void *)region->start, region->bytes, advice))
		die("madvise %d", advice);
	note(act, region, before);
}

static long full_scans(void)
{
	FILE *file = fopen("/sys/kernel/mm/transparent_hugepage/khugepaged/full_scans", "r");
	long scans = -1;

	if (!file || fscanf(file, "%ld", &scans) != 1)
		die("full_scans");
	fclose(file);
	return scans;
}

/*
 * khugepaged looks at a process as soon as it meets it first, then sleeps for scan_sleep_millisecs
 * (mm/khugepaged.c: khugepaged_wait_work()). Let that look be over before pages are counted: it
 * would make huge ones of the small ones that an act has left.
 */
static void let_khugepaged_look(void)
{
	struct region region = map_alone(0, HUGE);
	long before = full_scans();
	int polls;

	*region.start = 'x';
	for (polls = 0; polls < MAX_POLLS && full_scans() == before; polls++)
		usleep(POLL_US);
	errno = 0;
	if (full_scans() == before)
		die("khugepaged does not look: is THP enabled?");
}

static void small(size_t pages)
{
	struct region region = map_alone(0, pages * LAB_PAGE);

	read_all("small_read", &region);
	write_all("small_write", &region);
	write_all("small_again", &region);
	advise("small_drop", &region, MADV_DONTNEED);
	write_all("small_refill", &region);
	advise("small_redrop", &region, MADV_DONTNEED);
	advise("small_populate", &region, MADV_POPULATE_WRITE);
	write_all("small_populated", &region);
}

static void huge(size_t before, size_t pages, size_t after)
{
	size_t bytes = (before + after) * LAB_PAGE + pages * HUGE;
	struct region first = map_alone(before * LAB_PAGE, bytes);
	struct region second = map_alone(before * LAB_PAGE, bytes);

	let_khugepaged_look();
	write_all("huge_write", &first);
	read_all("huge_read", &second);
	write_all("huge_read_write", &second);
}

int main(int argc, char **argv)
{
	const struct line *line;
	long size[3] = { 0 };
	int at;

	for (at = 2; at < argc && at < 5; at++) {
		size[at - 2] = parse_number(argv[at]);
		if (size[at - 2] < 0 || (size_t)size[at - 2] > MOST)
			die("%s pages", argv[at]);
	}
	minor_faults();
	memset(smaps, 1, sizeof(smaps)); /* so that no act pays for this program's own memory */
	memset(lines, 1, sizeof(lines));
	errno = 0;
	if (argc == 3 && !strcmp(argv[1], "small"))
		small((size_t)size[0]);
	else if (argc == 5 && !strcmp(argv[1], "huge"))
		huge((size_t)size[0], (size_t)size[1], (size_t)size[2]);
	else
		die("usage: paces small PAGES | paces huge BEFORE HUGE AFTER");
	for (line = lines; line < lines + nr_lines; line++)
		printf("%s %ld %ld %ld\n", line->act, line->faults, line->pages, line->huge);
	return 0;
}
