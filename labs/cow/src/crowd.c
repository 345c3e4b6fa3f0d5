// SPDX-License-Identifier: GPL-2.0
/*
 * Which of these pages has a process to itself? A parent and a child with a region of PAGES
 * pages, of which chance has made some shared, some not, and some no page at all:
 *
 *	crowd PAGES
 *
 * Prints `PID START PAGES` for whoever wants to look at the parent, which then stops itself; beside
 * the region lie MARGIN pages on either side that are not asked for. Page i has the tag i.
 */
#include <signal.h>
#include <sys/random.h>

#include "lab.h"
#include "labkit_tags.h"

#define MARGIN 24
#define BESIDE 64 /* a word of the page that no tag is in */

#define KINDS 3 /* of fates that leave the parent alone with a page, and of those that do not */

enum fate {
	NEVER_TOUCHED,
	ONLY_READ,	    /* the zero page, which is everybody's */
	UNTOUCHED_SINCE,    /* filled before the fork: shared */
	PARENT_WROTE_SINCE, /* the parent has the copy */
	CHILD_WROTE_SINCE,  /* the child has the copy, the parent the old page for itself */
	NEW_SINCE	    /* filled by the parent after the fork */
};

static volatile uint64_t *word_of(char *region, size_t page)
{
	return (volatile uint64_t *)(region + page * LAB_PAGE) + BESIDE;
}

static void each_page(char *region, const unsigned char *fates, size_t pages, enum fate fate)
{
	size_t at;

	for (at = 0; at < pages; at++)
		if (fates[at] == fate)
			*word_of(region, at) = at + 1;
}

static void fill(char *region, const unsigned char *fates, size_t pages, int forked)
{
	size_t at;

	for (at = 0; at < pages; at++) {
		enum fate fate = fates[at];

		if (fate == ONLY_READ && !forked)
			(void)*word_of(region, at);
		if (forked ? fate == NEW_SINCE : fate > ONLY_READ && fate < NEW_SINCE)
			tag_pages(tag_nonce(), at, region + at * LAB_PAGE, LAB_PAGE);
	}
}

/* How many pages it has to itself is drawn first, or half of them would always be a good guess. */
static void draw(unsigned char *fates, size_t pages)
{
	unsigned char random[3];
	size_t at;

	if (getrandom(random, 1, 0) != 1)
		die("getrandom");
	random[0] = 32 + random[0] % 192;
	for (at = 0; at < pages; at++) {
		if (getrandom(random + 1, 2, 0) != 2)
			die("getrandom");
		fates[at] = random[2] % KINDS + (random[1] < random[0] ? KINDS : 0);
	}
}

int main(int argc, char **argv)
{
	size_t pages, all;
	unsigned char *fates;
	int ready[2];
	char *region, byte;
	pid_t child;

	if (argc != 2)
		die("usage: crowd PAGES");
	pages = (size_t)parse_number(argv[1]);
	all = pages + 2 * MARGIN;
	fates = malloc(all);
	region = map_anonymous(all * LAB_PAGE);
	if (!fates || pipe(ready))
		die("no memory");
	draw(fates + MARGIN, pages);
	memset(fates, UNTOUCHED_SINCE, MARGIN); /* so much is in the parent's mapping, too */
	memset(fates + MARGIN + pages, PARENT_WROTE_SINCE, MARGIN);
	tag_pages(tag_nonce(), 1 << 20, region, MARGIN * LAB_PAGE);
	tag_pages(tag_nonce(), 2 << 20, region + (MARGIN + pages) * LAB_PAGE, MARGIN * LAB_PAGE);
	region += MARGIN * LAB_PAGE;
	fill(region, fates + MARGIN, pages, 0);

	child = fork();
	if (child < 0)
		die("fork");
	if (child == 0) {
		each_page(region, fates + MARGIN, pages, CHILD_WROTE_SINCE);
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	if (read(ready[0], &byte, 1) != 1)
		die("the child has ended");
	each_page(region, fates + MARGIN, pages + MARGIN, PARENT_WROTE_SINCE);
	fill(region, fates + MARGIN, pages, 1);
	printf("%d %p %zu\n", getpid(), (void *)region, pages);
	fflush(stdout);
	raise(SIGSTOP);
	return 0;
}
