// SPDX-License-Identifier: GPL-2.0
/*
 * Where has each program got to? Waits until the student's processes of these names have stopped
 * themselves (or are gone), and says what /proc tells of each then; `go` first lets them go on:
 *
 *	conduct wait|go NAME...
 *
 * Prints a line a process: name, pid, state, minor and major faults, KiB of memory of its own. This
 * is for people: what is graded is what the host reads while they stand.
 */
#include <ctype.h>
#include <dirent.h>
#include <signal.h>

#include "lab.h"

#define STUDENT 1000
#define POLL_US 5000
#define MAX_POLLS 2000 /* ten seconds */
#define GRACE 600 /* polls until who has not come will not come: a shell starts it first */

struct row {
	long pid, minor, major, anon;
	char state;
};

static FILE *open_proc(long pid, const char *file)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/%s", pid, file);
	return fopen(path, "r");
}

/* A name may hold any byte, brackets and spaces too: what follows begins behind the last ')'. */
static int read_stat(long pid, const char *name, struct row *row)
{
	char text[1024], *open, *close;
	FILE *stat = open_proc(pid, "stat");
	size_t length = stat ? fread(text, 1, sizeof(text) - 1, stat) : 0;

	if (stat)
		fclose(stat);
	text[length] = '\0';
	open = strchr(text, '(');
	close = strrchr(text, ')');
	if (!open || !close || (size_t)(close - open - 1) != strlen(name) ||
	    strncmp(open + 1, name, strlen(name)))
		return 0;
	row->pid = pid;
	/* proc(5): the state is field 3, minflt field 10, majflt field 12 */
	return sscanf(close + 1, " %c %*d %*d %*d %*d %*d %*u %ld %*u %ld", &row->state,
		      &row->minor, &row->major) == 3;
}

static long status_number(long pid, const char *key)
{
	char line[256];
	long number = -1;
	FILE *status = open_proc(pid, "status");

	while (status && fgets(line, sizeof(line), status))
		if (!strncmp(line, key, strlen(key)))
			number = strtol(line + strlen(key), NULL, 10);
	if (status)
		fclose(status);
	return number;
}

/* Calls `use` for each living process of the student's with that name; says how many. */
static int each(const char *name, void (*use)(const char *name, const struct row *row))
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	struct row row;
	int found = 0;

	if (!proc)
		die("/proc");
	while ((entry = readdir(proc))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		if (!read_stat(atol(entry->d_name), name, &row) || strchr("ZX", row.state))
			continue;
		if (status_number(row.pid, "Uid:") != STUDENT)
			continue;
		found++;
		use(name, &row);
	}
	closedir(proc);
	return found;
}

static int running;

static void count_running(const char *name, const struct row *row)
{
	(void)name;
	running += row->state != 'T';
}

static void let_go(const char *name, const struct row *row)
{
	(void)name;
	kill((pid_t)row->pid, SIGCONT);
}

static void tell(const char *name, const struct row *row)
{
	printf("%s %ld %c %ld %ld %ld\n", name, row->pid, row->state, row->minor, row->major,
	       status_number(row->pid, "RssAnon:"));
}

static int wait_for(const char *name, int grace)
{
	int polls, found;

	for (polls = 0; polls < MAX_POLLS; polls++) {
		running = 0;
		found = each(name, count_running);
		if (found && !running)
			return 0;
		if (!found && polls >= grace)
			break;
		usleep(POLL_US);
	}
	fprintf(stderr, "# %s: %s\n", name, found ? "does not stop" : "has ended, or never began");
	return 1;
}

int main(int argc, char **argv)
{
	int at, failed = 0, go = argc > 2 && !strcmp(argv[1], "go");

	if (argc < 3 || (!go && strcmp(argv[1], "wait")))
		die("usage: conduct wait|go NAME...");
	for (at = 2; at < argc && go; at++)
		each(argv[at], let_go);
	for (at = 2; at < argc; at++)
		failed |= wait_for(argv[at], go ? 0 : GRACE);
	printf("name pid state minor major anon-kib\n");
	for (at = 2; at < argc; at++)
		each(argv[at], tell);
	return failed;
}
