// SPDX-License-Identifier: GPL-2.0
/*
 * How likely is each process to be chosen, right now, and what is its score made of? One line a
 * process, the fields separated by tabs; sizes in KiB, the name last because it may hold anything:
 *
 *	pid uid start adj score rss swap pte name
 */
#include <ctype.h>
#include <dirent.h>

#include "lab.h"

struct row {
	long pid, uid, start, adj, score, rss, swap, pte;
	char name[64];
};

/* The text of /proc/PID/FILE, NULL if the process has gone meanwhile. */
static char *read_proc(long pid, const char *file)
{
	static char text[8192];
	char path[64];
	size_t length;
	FILE *stream;

	snprintf(path, sizeof(path), "/proc/%ld/%s", pid, file);
	stream = fopen(path, "r");
	if (!stream)
		return NULL;
	length = fread(text, 1, sizeof(text) - 1, stream);
	fclose(stream);
	text[length] = '\0';
	return length ? text : NULL;
}

/* The number after "Key:" in /proc/PID/status; 0 for a kernel thread, which has no memory. */
static long status_number(const char *status, const char *key)
{
	const char *line = strstr(status, key);

	return line ? strtol(line + strlen(key), NULL, 10) : 0;
}

static int read_row(long pid, struct row *row)
{
	char *text, *open, *close;

	row->pid = pid;
	text = read_proc(pid, "stat");
	if (!text)
		return 0;
	open = strchr(text, '(');
	close = strrchr(text, ')'); /* the name may hold brackets itself */
	if (!open || !close)
		die("/proc/%ld/stat", pid);
	snprintf(row->name, sizeof(row->name), "%.*s", (int)(close - open - 1), open + 1);
	/* proc(5): starttime is field 22; field 3 follows the name */
	if (sscanf(close + 1,
		   " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u"
		   " %*u %*u %*d %*d %*d %*d %*d %*d %ld",
		   &row->start) != 1)
		die("/proc/%ld/stat", pid);
	text = read_proc(pid, "status");
	if (!text)
		return 0;
	row->uid = status_number(text, "\nUid:");
	row->rss = status_number(text, "\nVmRSS:");
	row->swap = status_number(text, "\nVmSwap:");
	row->pte = status_number(text, "\nVmPTE:");
	text = read_proc(pid, "oom_score_adj");
	if (!text)
		return 0;
	row->adj = strtol(text, NULL, 10);
	text = read_proc(pid, "oom_score");
	if (!text)
		return 0;
	row->score = strtol(text, NULL, 10);
	return 1;
}

int main(void)
{
	struct dirent *entry;
	struct row row;
	DIR *proc = opendir("/proc");

	if (!proc)
		die("/proc");
	printf("pid\tuid\tstart\tadj\tscore\trss\tswap\tpte\tname\n");
	while ((entry = readdir(proc))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		if (!read_row(atol(entry->d_name), &row))
			continue;
		printf("%ld\t%ld\t%ld\t%ld\t%ld\t%ld\t%ld\t%ld\t%s\n", row.pid, row.uid, row.start,
		       row.adj, row.score, row.rss, row.swap, row.pte, row.name);
	}
	closedir(proc);
	return 0;
}
