// SPDX-License-Identifier: GPL-2.0
/* The parent has written to its pages before it stops, the child writes later. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	size_t pages = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	char *memory = mmap(NULL, pages * 4096, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return 1;
	if (fork())
		memset(memory, 'x', pages * 4096);
	raise(SIGSTOP);
	memset(memory, 'y', pages * 4096);
	raise(SIGSTOP);
	return 0;
}
