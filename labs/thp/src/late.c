// SPDX-License-Identifier: GPL-2.0
/*
 * Whose small pages become huge afterwards? Fills areas of 2 MiB, FILL pages of each, and then:
 *
 *	late sleeper FILL ...	does nothing more
 *	late adviser FILL ...	stops itself; continued, it advises MADV_HUGEPAGE, and stops again
 *	late patchy FILL ...	the same
 *	late collapser FILL ...	collapses them itself, with MADV_COLLAPSE
 *
 * Each stops itself when that is done, and takes the name of its role. Page i has the tag i.
 */
#include <signal.h>
#include <sys/prctl.h>

#include "lab.h"
#include "labkit_tags.h"

#define HUGE (2 * LAB_MIB)
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 /* since Linux 6.1 */
#endif

static void advise(char *region, size_t bytes, int advice)
{
	if (madvise(region, bytes, advice))
		die("madvise %d", advice);
}

int main(int argc, char **argv)
{
	size_t areas, at;
	char *region;

	if (argc < 3)
		die("usage: late ROLE FILL ...");
	if (prctl(PR_SET_NAME, argv[1]))
		die("prctl");
	areas = (size_t)argc - 2;
	region = map_anonymous((areas + 1) * HUGE);
	region = (char *)(((uintptr_t)region + HUGE - 1) & ~(HUGE - 1));
	for (at = 0; at < areas; at++)
		tag_pages(tag_nonce(), at * (HUGE / LAB_PAGE), region + at * HUGE,
			  (size_t)parse_number(argv[at + 2]) * LAB_PAGE);
	if (!strcmp(argv[1], "collapser"))
		advise(region, areas * HUGE, MADV_COLLAPSE);
	raise(SIGSTOP);
	if (strcmp(argv[1], "adviser") && strcmp(argv[1], "patchy"))
		return 0;
	advise(region, areas * HUGE, MADV_HUGEPAGE);
	raise(SIGSTOP);
	return 0;
}
