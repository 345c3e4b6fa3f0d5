// SPDX-License-Identifier: GPL-2.0
/*
 * Whom does the kernel choose when memory runs out? Takes memory page by page until the kernel has
 * killed KILLS processes, then gives everything back:
 *
 *	presser KILLS SECONDS
 *
 * It runs under oom_score_adj -1000, so that it is never chosen itself. With nobody left to choose
 * the kernel would panic ("System is deadlocked on memory"): a child that ranks below everybody
 * is then the last to die, and what it leaves is enough for its parent to notice and to stop. The
 * kills are counted in /proc/vmstat (oom_kill); what is said on stderr decides nothing.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/sysinfo.h>

#include "lab.h"

#define MAX_KILLS 16
#define STRIDE (2 * LAB_MIB) /* read the counter so often: a victim frees 11 MiB or more */
#define LAST_RESORT (8 * LAB_MIB)
#define ROOM (6 * LAB_MIB) /* free again when a victim is gone; some of it waits in lists per CPU */
#define POLL_US 2000
#define MAX_POLLS 250

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

static pid_t start_last_resort(void)
{
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe(ready))
		die("pipe");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid) {
		close(ready[1]);
		errno = 0;
		if (read(ready[0], &byte, 1) != 1)
			die("no last resort");
		close(ready[0]);
		return pid;
	}
	close(ready[0]);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || prctl(PR_SET_NAME, "lastresort"))
		die("prctl");
	write_text("/proc/self/oom_score_adj", "-999");
	fill_pages(map_anonymous(LAST_RESORT), LAST_RESORT, 0);
	if (write(ready[1], "r", 1) != 1)
		die("pipe");
	close(ready[1]);
	for (;;)
		pause();
}

static unsigned long free_bytes(void)
{
	struct sysinfo now;

	if (sysinfo(&now))
		die("sysinfo");
	return now.freeram * now.mem_unit;
}

/* Memory goes before the process does. Half: page counters drift by some hundred pages. */
static int is_whole(pid_t last_resort)
{
	char path[32];
	unsigned long pages = 0;
	FILE *statm;

	snprintf(path, sizeof(path), "/proc/%d/statm", last_resort);
	statm = fopen(path, "r");
	if (!statm || fscanf(statm, "%*u %lu", &pages) != 1)
		pages = 0;
	if (statm)
		fclose(statm);
	return pages * LAB_PAGE >= LAST_RESORT / 2;
}

/* A victim still owns its memory for a while: who presses on meanwhile gets the next one killed. */
static void wait_for_room(void)
{
	int polls;

	for (polls = 0; polls < MAX_POLLS && free_bytes() < ROOM; polls++)
		usleep(POLL_US);
}

static void press(long wanted, int vmstat, pid_t last_resort)
{
	size_t limit = (size_t)sysconf(_SC_PHYS_PAGES) * LAB_PAGE, used;
	char *region = map_anonymous(limit);
	long base = count_kills(vmstat), seen = 0;

	for (used = 0; seen < wanted && used + STRIDE <= limit; used += STRIDE) {
		long now;

		fill_pages(region + used, STRIDE, used);
		now = count_kills(vmstat) - base;
		if (now == seen)
			continue;
		for (; seen < now; seen++)
			fprintf(stderr, "# kill %ld after %zu MiB\n", seen + 1, used / LAB_MIB);
		wait_for_room();
		errno = 0;
		if (!is_whole(last_resort))
			die("nobody else was left to choose");
	}
	if (munmap(region, limit))
		die("munmap");
	errno = 0;
	if (seen < wanted)
		die("all memory taken, %ld of %ld killed", seen, wanted);
}

int main(int argc, char **argv)
{
	static char buffer[4096]; /* stderr's own: it must not ask for memory under pressure */
	pid_t last_resort;
	long wanted;
	int vmstat;

	if (argc != 3)
		die("usage: presser KILLS SECONDS");
	wanted = parse_number(argv[1]);
	if (wanted < 1 || wanted > MAX_KILLS)
		die("KILLS: 1 to %d", MAX_KILLS);
	setvbuf(stderr, buffer, _IOFBF, sizeof(buffer));
	last_resort = start_last_resort();
	write_text("/proc/self/oom_score_adj", "-1000");
	vmstat = open("/proc/vmstat", O_RDONLY);
	if (vmstat < 0)
		die("/proc/vmstat");
	/*
	 * Near the end the kernel takes back every page that a file can give again. Without this,
	 * this program's and libc's own code would be read anew at nearly every step: a second or
	 * two of it under TCG before the first kill.
	 */
	if (mlockall(MCL_CURRENT))
		die("mlockall");
	alarm((unsigned int)parse_number(argv[2]));
	press(wanted, vmstat, last_resort);
	kill(last_resort, SIGKILL);
	return 0;
}
