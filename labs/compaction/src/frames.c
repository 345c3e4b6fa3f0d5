// SPDX-License-Identifier: GPL-2.0
/*
 * Which frame is behind each page of a process, and what is in it?
 *
 *	frames PID BOOK
 *
 * Writes address, frame and a digest of the content of every page of its big anonymous mappings
 * into BOOK. If there is a BOOK already, compares with it first and says how many pages are at
 * another frame, how many have another content, and how many are new or gone. Root's: only root
 * sees frame numbers (/proc/PID/pagemap, since v4.0).
 */
#include <fcntl.h>

#include "lab.h"

#define BIG LAB_MIB /* what a program asked for, not its stack or heap */
#define PRESENT (1ULL << 63)
#define FRAME ((1ULL << 55) - 1)
#define MOST (1UL << 20)
#define WINDOW 512 /* entries read at once */

struct entry {
	uint64_t address, frame, digest;
};

static struct entry *now, *then;
static size_t nr_now, nr_then;

/* FNV-1a over a word of each 64 bytes: enough to tell that a page holds what it held. */
static uint64_t digest_of(const uint64_t *page)
{
	uint64_t digest = 0xcbf29ce484222325ULL;
	size_t word;

	for (word = 0; word < LAB_PAGE / sizeof(*page); word += 8)
		digest = (digest ^ page[word]) * 0x100000001b3ULL;
	return digest;
}

static void note_page(int mem, uint64_t at, uint64_t entry)
{
	uint64_t page[LAB_PAGE / sizeof(uint64_t)];

	if (!(entry & PRESENT) || nr_now == MOST)
		return;
	if (pread(mem, page, LAB_PAGE, (off_t)at) != LAB_PAGE)
		die("mem at %#lx", (unsigned long)at);
	now[nr_now++] = (struct entry){ at, entry & FRAME, digest_of(page) };
}

static void note_mapping(int pagemap, int mem, uint64_t start, uint64_t end)
{
	uint64_t entries[WINDOW], at, page;

	for (at = start; at < end; at += WINDOW * LAB_PAGE) {
		uint64_t left = (end - at) / LAB_PAGE, pages = left < WINDOW ? left : WINDOW;
		ssize_t size = (ssize_t)(pages * sizeof(*entries));

		if (pread(pagemap, entries, (size_t)size, (off_t)(at / LAB_PAGE * 8)) != size)
			die("pagemap at %#lx", (unsigned long)at);
		for (page = 0; page < pages; page++)
			note_page(mem, at + page * LAB_PAGE, entries[page]);
	}
}

static int open_of(const char *pid, const char *name, int flags)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/%s", parse_number(pid), name);
	fd = open(path, flags);
	if (fd < 0)
		die("%s", path);
	return fd;
}

static void note_all(const char *pid)
{
	int pagemap = open_of(pid, "pagemap", O_RDONLY), mem = open_of(pid, "mem", O_RDONLY);
	FILE *maps = fdopen(open_of(pid, "maps", O_RDONLY), "r");
	unsigned long start, end, inode;
	char line[512], mode[5];

	while (maps && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %4s %*x %*s %lu", &start, &end, mode, &inode) == 4 &&
		    !inode && !strcmp(mode, "rw-p") && end - start >= BIG)
			note_mapping(pagemap, mem, start, end);
}

static void compare(void)
{
	size_t moved = 0, changed = 0, met = 0, i = 0, j = 0;

	while (i < nr_then && j < nr_now) {
		if (then[i].address != now[j].address) {
			then[i].address < now[j].address ? i++ : j++;
			continue;
		}
		moved += then[i].frame != now[j].frame;
		changed += then[i].digest != now[j].digest;
		met++, i++, j++;
	}
	printf("moved %zu\nchanged %zu\ngone %zu\nnew %zu\n", moved, changed, nr_then - met,
	       nr_now - met);
}

int main(int argc, char **argv)
{
	FILE *book;

	if (argc != 3)
		die("usage: frames PID BOOK");
	now = calloc(MOST, sizeof(*now));
	then = calloc(MOST, sizeof(*then));
	if (!now || !then)
		die("memory");
	note_all(argv[1]);
	printf("pages %zu\n", nr_now);
	book = fopen(argv[2], "r");
	if (book) {
		nr_then = fread(then, sizeof(*then), MOST, book);
		fclose(book);
		compare();
	}
	book = fopen(argv[2], "w");
	if (!book || fwrite(now, sizeof(*now), nr_now, book) != nr_now || fclose(book))
		die("%s", argv[2]);
	return 0;
}
