// SPDX-License-Identifier: GPL-2.0
/*
 * Who bears this name, who owns it, and how much memory of its own has it? One line a process:
 *
 *	rollcall NAME -> pid uid anon-KiB
 *
 * The name is compared whole, and nothing that a process may choose is printed.
 */
#include <dirent.h>

#include "lab.h"

static int read_status(long pid, const char *name, long *uid, long *anon)
{
	char path[64], line[256], comm[64] = "";
	FILE *status;

	snprintf(path, sizeof(path), "/proc/%ld/status", pid);
	status = fopen(path, "r");
	if (!status)
		return 0;
	*uid = -1;
	*anon = 0;
	while (fgets(line, sizeof(line), status)) {
		sscanf(line, "Name:\t%63[^\n]", comm);
		sscanf(line, "Uid:\t%ld", uid);
		sscanf(line, "RssAnon:\t%ld", anon);
	}
	fclose(status);
	return !strcmp(comm, name);
}

int main(int argc, char **argv)
{
	const struct dirent *entry;
	long pid, uid, anon;
	DIR *proc;

	if (argc != 2)
		die("usage: rollcall NAME");
	proc = opendir("/proc");
	if (!proc)
		die("/proc");
	while ((entry = readdir(proc))) {
		pid = atol(entry->d_name);
		if (pid > 0 && read_status(pid, argv[1], &uid, &anon))
			printf("%ld %ld %ld\n", pid, uid, anon);
	}
	closedir(proc);
	return 0;
}
