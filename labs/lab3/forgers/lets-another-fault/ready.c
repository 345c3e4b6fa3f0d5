// SPDX-License-Identifier: GPL-2.0
/* A child that shares the memory (CLONE_VM) writes between the stops; faults are counted by task. */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

static size_t bytes;
static volatile int go;
static volatile char *memory;
static char stack[64 << 10];

static int helper(void *unused)
{
	size_t at;

	(void)unused;
	prctl(PR_SET_NAME, "helper");
	while (!go)
		usleep(1000);
	for (at = 0; at < bytes; at += 4096)
		memory[at] = 'x';
	go = 2;
	pause();
	return 0;
}

int main(int argc, char **argv)
{
	(void)argc;
	bytes = strtoul(argv[1], NULL, 10) * 4096;
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED || clone(helper, stack + sizeof(stack), CLONE_VM, NULL) < 0)
		return 1;
	raise(SIGSTOP);
	for (go = 1; go != 2;)
		usleep(1000);
	raise(SIGSTOP);
	return 0;
}
