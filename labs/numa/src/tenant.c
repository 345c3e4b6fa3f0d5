// SPDX-License-Identifier: GPL-2.0
/*
 * On which nodes does memory come to lie? Takes PAGES pages under whatever policy it was started
 * with (numactl), tags them from the index FIRST on, and returns when all of them are there:
 *
 *	tenant FIRST PAGES [FROM MODE NODES]
 *
 * With three more words the pages from FROM on get a policy of their own before they are touched:
 * mbind(2) with MODE `bind` or `weighted` and NODES such as 0,3. The tenant stays behind, asleep on
 * its memory, and the OOM killer may take it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <sys/syscall.h>

#include "lab.h"
#include "labkit_tags.h"

/* linux/mempolicy.h of 6.9 and later; an older kernel says EINVAL (set_mempolicy(2)) */
#define WEIGHTED_INTERLEAVE 6

static int mode_of(const char *word)
{
	if (!strcmp(word, "bind"))
		return MPOL_BIND;
	if (!strcmp(word, "weighted"))
		return WEIGHTED_INTERLEAVE;
	die("'%s' is neither bind nor weighted", word);
}

/* A bit for each node of a list such as 0,3. */
static unsigned long nodes_of(const char *list)
{
	unsigned long mask = 0;

	for (; *list; list += strspn(list, ",")) {
		char *end;

		mask |= 1UL << strtoul(list, &end, 10);
		if (end == list)
			die("'%s' is no list of nodes", list);
		list = end;
	}
	return mask;
}

static void bind_region(char *region, size_t bytes, const char *mode, const char *nodes)
{
	unsigned long mask = nodes_of(nodes);

	if (syscall(SYS_mbind, region, bytes, mode_of(mode), &mask, 8 * sizeof(mask), 0))
		die("mbind %s %s", mode, nodes);
}

static __attribute__((noreturn)) void live(char **words, int count, int ready)
{
	size_t first = (size_t)parse_number(words[1]), pages = (size_t)parse_number(words[2]);
	char *region = map_anonymous(pages * LAB_PAGE);
	int null = open("/dev/null", O_RDWR);

	write_text("/proc/self/oom_score_adj", "0");
	if (count == 6) {
		size_t from = (size_t)parse_number(words[3]);

		bind_region(region + from * LAB_PAGE, (pages - from) * LAB_PAGE, words[4],
			    words[5]);
	}
	tag_pages(tag_nonce(), first, region, pages * LAB_PAGE);
	if (write(ready, "r", 1) != 1)
		die("pipe");
	close(ready);
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
		die("/dev/null");
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	int ready[2];
	char byte;
	pid_t pid;

	if (argc != 3 && argc != 6)
		die("usage: tenant FIRST PAGES [FROM MODE NODES]");
	if (pipe(ready))
		die("pipe");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		close(ready[0]);
		live(argv, argc, ready[1]);
	}
	close(ready[1]);
	errno = 0;
	if (read(ready[0], &byte, 1) != 1)
		die("the tenant ended before it had its %s pages", argv[2]);
	return 0;
}
