// SPDX-License-Identifier: GPL-2.0
/* As many faults as are asked for, all on one page of a memfd, mapped PAGES times. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	size_t pages = argc == 3 ? strtoul(argv[1], NULL, 10) : 0, at;
	size_t faults = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	int file = memfd_create("one", 0);
	char *memory = mmap(NULL, faults * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (file < 0 || ftruncate(file, 4096) || memory == MAP_FAILED || !pages)
		return 1;
	for (at = 0; at < faults; at++)
		if (mmap(memory + at * 4096, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
			 file, 0) == MAP_FAILED)
			return 1;
	raise(SIGSTOP);
	for (at = 0; at < faults; at++)
		memory[at * 4096] = 'x';
	raise(SIGSTOP);
	return 0;
}
