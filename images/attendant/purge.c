// SPDX-License-Identifier: GPL-2.0
/*
 * All that began since a command did is the command's: neither setsid nor a cgroup of its own hides it.
 * With threads-max at 1 nobody forks, root neither (kernel/fork.c: copy_process), so that a fork bomb
 * cannot outrun the one who kills it.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attendant.h"
#include "purge.h"

#define THREADS_MAX "/proc/sys/kernel/threads-max"
/*
 * A student's fork bomb meets this limit before it has eaten the guest: at a 512 MiB guest's own 3500
 * threads, one OOM kill after another prints its table of 3500 tasks over the serial port, and nothing
 * else runs for minutes.
 */
#define STUDENTS_THREADS 1024
#define ROUNDS 20
#define PAUSE_US 50000
#define KTHREADD 2

static void set_threads(long number)
{
	char text[24];

	snprintf(text, sizeof(text), "%ld\n", number);
	spill(THREADS_MAX, text);
}

void raise_fence(struct fence *fence, int student)
{
	char text[32];

	fence->threads = slurp(THREADS_MAX, text, sizeof(text)) > 0 ? atol(text) : 0;
	fence->most = fence->threads;
	fence->since = ~0ULL;
	if (student && fence->threads > STUDENTS_THREADS) {
		fence->most = STUDENTS_THREADS;
		set_threads(fence->most);
	}
}

void lower_fence(const struct fence *fence)
{
	if (fence->threads)
		set_threads(fence->threads);
}

/* State, parent and start in ticks (proc(5): stat). A name may hold any byte: look for its last ')'. */
static int look(long pid, char *state, long *parent, unsigned long long *start)
{
	char path[40], text[1024];
	const char *rest;

	snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	if (slurp(path, text, sizeof(text)) <= 0)
		return 0;
	rest = strrchr(text, ')');
	return rest && sscanf(rest + 1,
			      " %c %ld %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d"
			      " %*d %*d %llu",
			      state, parent, start) == 3;
}

void note_start(struct fence *fence, pid_t child)
{
	char state;
	long parent;

	look(child, &state, &parent, &fence->since);
}

/* One round over all processes; how many were killed in it. */
static uint32_t kill_since(const struct fence *fence)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	uint32_t killed = 0;

	while (proc && (entry = readdir(proc))) {
		long pid = atol(entry->d_name), parent;
		unsigned long long start;
		char state;

		if (pid <= 0 || pid == getpid() || pid == getppid())
			continue;
		if (!look(pid, &state, &parent, &start) || start < fence->since)
			continue;
		if (parent == KTHREADD || state == 'Z')
			continue;
		killed += kill(pid, SIGKILL) == 0;
	}
	if (proc)
		closedir(proc);
	return killed;
}

static long count_threads(void)
{
	char text[128];
	const char *slash;

	if (slurp("/proc/loadavg", text, sizeof(text)) <= 0)
		return 0;
	slash = strchr(text, '/');
	return slash ? atol(slash + 1) : 0;
}

uint32_t purge(const struct fence *fence, int overdue)
{
	uint32_t killed = 0, last;
	char text[96];
	int round;

	/* What a command leaves in the background stays, unless it is about to take every thread. */
	if (!overdue && 2 * count_threads() < fence->most)
		return 0;
	set_threads(1);
	for (round = 0; round < ROUNDS; round++) {
		last = kill_since(fence);
		if (!last)
			break;
		if (last > killed)
			killed = last;
		usleep(PAUSE_US);
	}
	snprintf(text, sizeof(text), "killed %u processes of a step %s", killed,
		 overdue ? "whose time was over" : "that left too many");
	tell_kernel_log(text);
	return killed;
}
