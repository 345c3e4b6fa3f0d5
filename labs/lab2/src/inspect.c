// SPDX-License-Identifier: GPL-2.0
/*
 * Does a memory hog hold what it was asked for? Starts `PROGRAM MIB 600`, waits until it sleeps and
 * its memory no longer grows, then looks at every page of its private memory from outside. It
 * leaves it there, for others to look at:
 *
 *	inspect PROGRAM MIB
 *
 * Prints how many pages are there and how many of them hold nothing but zeroes. A page that malloc
 * promised and nobody wrote is not there at all (/proc/PID/pagemap, bit 63).
 */
#include <fcntl.h>
#include <sys/wait.h>

#include "lab.h"

#define POLL_US 20000
#define CALM_POLLS 8   /* asleep and unchanged for 0.16 s: done, not waiting for a CPU */
#define MAX_POLLS 3000 /* one minute */
#define WINDOW 64UL    /* pages looked at together */
#define SAID "hog.said" /* what the program says; nobody who waits for us waits for it */

struct sight {
	long there, zero;
};

/* What it said before it ended is what its author wants to know. */
static void repeat_its_words(void)
{
	FILE *said = fopen(SAID, "r");
	char line[256];

	while (said && fgets(line, sizeof(line), said))
		fputs(line, stderr);
	errno = 0;
}

/* Resident pages of a sleeping process, -1 while it runs, -2 when it has ended. */
static long asleep_with(pid_t pid)
{
	char path[64], state = 'R';
	long pages = 0;
	FILE *stat;
	int status;

	if (waitpid(pid, &status, WNOHANG) == pid)
		return -2;
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	stat = fopen(path, "r");
	/* proc(5): the state is field 3, rss field 24 */
	if (!stat || fscanf(stat,
			    "%*d (%*[^)]) %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u"
			    " %*u %*u %*d %*d %*d %*d %*d %*d %*u %*u %ld",
			    &state, &pages) != 2)
		die("%s", path);
	fclose(stat);
	return state == 'S' ? pages : -1;
}

static void wait_until_calm(pid_t pid)
{
	long last = -1, now;
	int calm = 0, polls;

	for (polls = 0; polls < MAX_POLLS && calm < CALM_POLLS; polls++) {
		usleep(POLL_US);
		now = asleep_with(pid);
		errno = 0;
		if (now == -2) {
			repeat_its_words();
			die("it ended before anybody could look");
		}
		calm = now >= 0 && now == last ? calm + 1 : 0;
		last = now;
	}
	if (calm < CALM_POLLS)
		die("it did not come to rest");
}

static int is_zero(const uint64_t *page)
{
	size_t word;

	for (word = 0; word < LAB_PAGE / sizeof(*page); word++)
		if (page[word])
			return 0;
	return 1;
}

/* Reads pages that are all there, and counts them. */
static void look_into(int mem, uint64_t at, size_t pages, struct sight *seen)
{
	static uint64_t data[WINDOW * LAB_PAGE / sizeof(uint64_t)];
	size_t page;

	if (pread(mem, data, pages * LAB_PAGE, (off_t)at) != (ssize_t)(pages * LAB_PAGE))
		die("mem");
	for (page = 0; page < pages; page++)
		seen->zero += is_zero(data + page * LAB_PAGE / sizeof(*data));
	seen->there += (long)pages;
}

/* A page that is not there is not read: that would put one there. */
static void look_at(int mem, int pagemap, uint64_t from, uint64_t to, struct sight *seen)
{
	uint64_t entry[WINDOW], at;

	for (at = from; at < to; at += WINDOW * LAB_PAGE) {
		size_t left = (to - at) / LAB_PAGE, pages = left < WINDOW ? left : WINDOW;
		off_t where = (off_t)(at / LAB_PAGE * sizeof(*entry));
		size_t page, run = 0;

		if (pread(pagemap, entry, pages * sizeof(*entry), where) !=
		    (ssize_t)(pages * sizeof(*entry)))
			die("pagemap");
		for (page = 0; page < pages; page++) {
			if (entry[page] >> 63) {
				run++;
				continue;
			}
			look_into(mem, at + (page - run) * LAB_PAGE, run, seen);
			run = 0;
		}
		look_into(mem, at + (pages - run) * LAB_PAGE, run, seen);
	}
}

static struct sight look(pid_t pid)
{
	char path[64], line[512], mode[8];
	struct sight seen = { 0, 0 };
	unsigned long from, to, inode;
	int mem, pagemap;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	mem = open(path, O_RDONLY);
	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	pagemap = open(path, O_RDONLY);
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "r");
	if (mem < 0 || pagemap < 0 || !maps)
		die("/proc/%d", pid);
	while (fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %7s %*x %*s %lu", &from, &to, mode,
			   &inode) == 4 && !inode && !strcmp(mode, "rw-p"))
			look_at(mem, pagemap, from, to, &seen);
	fclose(maps);
	close(pagemap);
	close(mem);
	return seen;
}

int main(int argc, char **argv)
{
	struct sight seen;
	pid_t pid;

	if (argc != 3)
		die("usage: inspect PROGRAM MIB");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		int null = open("/dev/null", O_RDONLY);
		int said = open(SAID, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		if (null < 0 || said < 0)
			_exit(1);
		if (dup2(null, 0) < 0 || dup2(said, 1) < 0 || dup2(said, 2) < 0)
			_exit(1);
		execl(argv[1], argv[1], argv[2], "600", (char *)NULL);
		die("%s", argv[1]);
	}
	wait_until_calm(pid);
	seen = look(pid);
	printf("asked %ld\n", parse_number(argv[2]) * (long)(LAB_MIB / LAB_PAGE));
	printf("there %ld\nzero %ld\n", seen.there, seen.zero);
	return 0;
}
