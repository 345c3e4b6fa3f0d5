// SPDX-License-Identifier: GPL-2.0
/*
 * For whom does memory run out? Takes page after page until the kernel kills it, or has killed
 * KILLS others; then it gives everything back and ends.
 *
 *	hog NAME ADJ KILLS [GROUP|- [NODE]]
 *
 * NAME is what the kernel's report shall call it, ADJ its oom_score_adj. GROUP is the folder of a
 * cgroup that it joins first; with NODE its memory may come from that node alone (set_mempolicy,
 * MPOL_BIND). ADJ -999 makes it the last to be chosen, and yet somebody who can be: with nobody
 * left to kill the kernel panics ("System is deadlocked on memory").
 */
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "lab.h"

#define STRIDE (LAB_MIB / 4) /* the counter is read so often: less than any victim frees */

static void join(const char *group)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/cgroup.procs", group);
	write_text(path, "0");
}

static void bind_to(long node)
{
	unsigned long nodes = 1UL << node;

	if (syscall(SYS_set_mempolicy, MPOL_BIND, &nodes, sizeof(nodes) * 8))
		die("node %ld", node);
}

/* Of the whole guest since it booted, those in cgroups included. */
static long count_kills(int vmstat)
{
	static char text[32 << 10];
	ssize_t length = pread(vmstat, text, sizeof(text) - 1, 0);
	char *line;

	if (length <= 0)
		die("/proc/vmstat");
	text[length] = '\0';
	line = strstr(text, "\noom_kill ");
	errno = 0;
	if (!line)
		die("no oom_kill in /proc/vmstat");
	return strtol(line + strlen("\noom_kill "), NULL, 10);
}

int main(int argc, char **argv)
{
	size_t limit = (size_t)sysconf(_SC_PHYS_PAGES) * LAB_PAGE, used;
	char *region;
	int vmstat;
	long enough;

	if (argc < 4 || argc > 6)
		die("usage: hog NAME ADJ KILLS [GROUP|- [NODE]]");
	if (prctl(PR_SET_NAME, argv[1]))
		die("prctl");
	write_text("/proc/self/oom_score_adj", argv[2]);
	vmstat = open("/proc/vmstat", O_RDONLY);
	if (vmstat < 0)
		die("/proc/vmstat");
	enough = count_kills(vmstat) + parse_number(argv[3]);
	/*
	 * Near the end the kernel takes back every page that a file can give again: without this,
	 * this program's own code would be read anew at nearly every step.
	 */
	if (mlockall(MCL_CURRENT))
		die("mlockall");
	if (argc > 4 && strcmp(argv[4], "-"))
		join(argv[4]);
	if (argc > 5)
		bind_to(parse_number(argv[5]));
	region = map_anonymous(limit);
	for (used = 0; used + STRIDE <= limit; used += STRIDE) {
		fill_pages(region + used, STRIDE, used);
		if (count_kills(vmstat) >= enough)
			return 0;
	}
	errno = 0;
	die("all memory taken, and too few were killed");
}
