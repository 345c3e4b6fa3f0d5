// SPDX-License-Identifier: GPL-2.0
/*
 * Who is there when memory runs out? Starts processes that take memory and sleep on it, one after
 * the other, and returns when all of them have it:
 *
 *	cast NAME:MIB:GROUP:NODE ...
 *
 * GROUP is the folder of the cgroup that it joins. NODE is - for the default policy, or the node
 * that its memory must come from (set_mempolicy, MPOL_BIND). All of them stay on CPU 0, so that
 * memory comes from node 0 unless something else is said. Their oom_score_adj is 0.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "lab.h"

struct actor {
	char name[16], group[96], node[4];
	unsigned int mib;
};

static struct actor parse_actor(const char *text)
{
	struct actor who;
	int used = 0;

	errno = 0;
	if (sscanf(text, "%15[a-z]:%u:%95[^:]:%3[-0-9]%n", who.name, &who.mib, who.group, who.node,
		   &used) != 4 || text[used])
		die("'%s' is not NAME:MIB:GROUP:NODE", text);
	return who;
}

static void leave_terminal(void)
{
	int null = open("/dev/null", O_RDWR);

	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
		die("/dev/null");
	close(null);
}

static void settle(const struct actor *who)
{
	unsigned long nodes;
	char path[128];

	snprintf(path, sizeof(path), "%s/cgroup.procs", who->group);
	write_text(path, "0");
	pin_to_cpu(0);
	if (strcmp(who->node, "-")) {
		nodes = 1UL << parse_number(who->node);
		if (syscall(SYS_set_mempolicy, MPOL_BIND, &nodes, sizeof(nodes) * 8))
			die("node %s", who->node);
	}
	if (prctl(PR_SET_NAME, who->name) || setsid() < 0)
		die("%s", who->name);
	write_text("/proc/self/oom_score_adj", "0");
}

static __attribute__((noreturn)) void live(const struct actor *who, int ready)
{
	leave_terminal();
	settle(who);
	fill_pages(map_anonymous(who->mib * LAB_MIB), who->mib * LAB_MIB, who->mib);
	if (write(ready, "r", 1) != 1)
		die("pipe");
	close(ready);
	dup2(0, 2);
	for (;;)
		pause();
}

static void start(const struct actor *who)
{
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe(ready))
		die("pipe");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		close(ready[0]);
		live(who, ready[1]);
	}
	close(ready[1]);
	errno = 0;
	if (read(ready[0], &byte, 1) != 1)
		die("%s did not get its %u MiB", who->name, who->mib);
	close(ready[0]);
}

int main(int argc, char **argv)
{
	int at;

	if (argc < 2)
		die("usage: cast NAME:MIB:GROUP:NODE ...");
	for (at = 1; at < argc; at++) {
		struct actor who = parse_actor(argv[at]);

		start(&who);
	}
	return 0;
}
