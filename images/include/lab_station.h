/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Has a program come to where it wants to be looked at? It stops itself there (SIGSTOP). A lab's
 * src/station.c is this file and a main():
 *
 *	station NAME	waits until the eldest process of this name has stopped
 *	station -c NAME	lets it go on, and then waits for the next time
 *
 * Ends with 1 when it has not stopped after ten seconds, or is gone.
 */
#ifndef LAB_STATION_H
#define LAB_STATION_H

#include <ctype.h>
#include <dirent.h>
#include <signal.h>

#include "lab.h"

#define POLL_US 5000
#define MAX_POLLS 2000
#define COMING_POLLS 600 /* so long it may take to begin */

struct process {
	long pid;
	unsigned long long start;
	char state;
};

/* A line of /proc/PID/stat (proc(5)): a name may hold brackets, so look for the last one. */
static inline int station_stat(long pid, const char *name, struct process *found)
{
	char path[40], text[512] = "", *open, *close;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	file = fopen(path, "r");
	if (!file)
		return 0;
	if (!fgets(text, sizeof(text), file))
		text[0] = '\0';
	fclose(file);
	open = strchr(text, '(');
	close = strrchr(text, ')');
	if (!open || !close)
		return 0;
	*close = '\0';
	found->pid = pid;
	return !strcmp(open + 1, name) &&
	       sscanf(close + 1,
		      " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d"
		      " %*d %llu",
		      &found->state, &found->start) == 2 &&
	       found->state != 'Z' && found->state != 'X';
}

static inline struct process find_eldest(const char *name)
{
	struct process eldest = { 0 }, each;
	const struct dirent *entry;
	DIR *proc = opendir("/proc");

	if (!proc)
		die("/proc");
	while ((entry = readdir(proc))) {
		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    !station_stat(atol(entry->d_name), name, &each))
			continue;
		if (!eldest.pid || each.start < eldest.start ||
		    (each.start == eldest.start && each.pid < eldest.pid))
			eldest = each;
	}
	closedir(proc);
	return eldest;
}

static inline int station(int argc, char **argv)
{
	const char *name = argv[argc - 1];
	struct process eldest;
	int polls, come = 0;

	if (argc < 2 || argc > 3 || (argc == 3 && strcmp(argv[1], "-c")))
		die("usage: station [-c] NAME");
	if (argc == 3) {
		eldest = find_eldest(name);
		/* Its state is no longer T when kill() has returned (kernel/signal.c). */
		if (!eldest.pid || kill((pid_t)eldest.pid, SIGCONT))
			die("no process '%s' to let go on", name);
		come = 1;
	}
	errno = 0;
	for (polls = 0; polls < MAX_POLLS; polls++) {
		eldest = find_eldest(name);
		if (eldest.pid && eldest.state == 'T')
			return 0;
		come |= eldest.pid != 0;
		errno = 0;
		if (!eldest.pid && (come || polls > COMING_POLLS))
			die("'%s' has ended and was not stopped", name);
		usleep(POLL_US);
	}
	die("'%s' does not stop", name);
}

#endif
