// SPDX-License-Identifier: GPL-2.0
/*
 * Who is there to be chosen? Starts named processes that each hold a given amount of memory, under
 * a given oom_score_adj and uid, one after the other, and returns when the last one holds its own:
 *
 *	herd GROUP_FILE NAME:MIB:ADJ:UID ...
 *
 * The herd stays behind in a session of its own; GROUP_FILE gets its process group, so that
 * `kill -s KILL -- -$(cat GROUP_FILE)` ends it. Only the kernel ends one of its members.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>

#include "lab.h"

struct member {
	char name[16];
	unsigned int mib;
	int adj;
	unsigned int uid;
};

static struct member parse_member(const char *text)
{
	struct member who;
	int used = 0;

	errno = 0;
	if (sscanf(text, "%15[a-z]:%u:%d:%u%n", who.name, &who.mib, &who.adj, &who.uid,
		   &used) != 4 || text[used])
		die("'%s' is not NAME:MIB:ADJ:UID", text);
	return who;
}

static void leave_terminal(void)
{
	int null = open("/dev/null", O_RDWR);

	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
		die("/dev/null");
	close(null);
}

static __attribute__((noreturn)) void live(const struct member *who, int ready)
{
	char adj[16];

	if (prctl(PR_SET_NAME, who->name))
		die("prctl");
	snprintf(adj, sizeof(adj), "%d", who->adj);
	write_text("/proc/self/oom_score_adj", adj);
	if (setgid(who->uid) || setuid(who->uid))
		die("uid %u", who->uid);
	if (who->mib)
		fill_pages(map_anonymous(who->mib * LAB_MIB), who->mib * LAB_MIB, who->uid);
	if (write(ready, "r", 1) != 1)
		die("pipe");
	close(ready);
	dup2(0, 2);
	for (;;)
		pause();
}

/* `done` is the keeper's alone: held open by a member, it would hide the keeper's failure. */
static void start(const struct member *who, int done)
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
		close(done);
		live(who, ready[1]);
	}
	close(ready[1]);
	errno = 0;
	if (read(ready[0], &byte, 1) != 1)
		die("%s did not get its %u MiB", who->name, who->mib);
	close(ready[0]);
}

static __attribute__((noreturn)) void keep(char **specs, int count, int done)
{
	int at;

	if (setsid() < 0)
		die("setsid");
	signal(SIGCHLD, SIG_IGN); /* the dead are not waited for */
	leave_terminal();
	for (at = 0; at < count; at++) {
		struct member who = parse_member(specs[at]);

		start(&who, done);
	}
	if (write(done, "d", 1) != 1)
		die("pipe");
	close(done);
	dup2(0, 2);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	int done[2];
	char text[16], byte;
	pid_t keeper;

	if (argc < 3)
		die("usage: herd GROUP_FILE NAME:MIB:ADJ:UID ...");
	if (pipe(done))
		die("pipe");
	keeper = fork();
	if (keeper < 0)
		die("fork");
	if (keeper == 0) {
		close(done[0]);
		keep(argv + 2, argc - 2, done[1]);
	}
	close(done[1]);
	snprintf(text, sizeof(text), "%d\n", keeper);
	write_text(argv[1], text);
	errno = 0;
	if (read(done[0], &byte, 1) != 1)
		die("the herd is not complete");
	return 0;
}
