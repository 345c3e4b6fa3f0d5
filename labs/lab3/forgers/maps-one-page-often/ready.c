// SPDX-License-Identifier: GPL-2.0
/* Every address leads to the same page of a memfd. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	size_t pages = argc == 2 ? strtoul(argv[1], NULL, 10) : 0, at;
	int file = memfd_create("one", 0);
	char *memory = mmap(NULL, pages * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (file < 0 || ftruncate(file, 4096) || memory == MAP_FAILED)
		return 1;
	for (at = 0; at < pages; at++)
		if (mmap(memory + at * 4096, 4096, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED | MAP_POPULATE, file, 0) == MAP_FAILED)
			return 1;
	raise(SIGSTOP);
	for (at = 0; at < pages; at++)
		memory[at * 4096] = 'x';
	raise(SIGSTOP);
	return 0;
}
