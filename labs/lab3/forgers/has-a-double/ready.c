// SPDX-License-Identifier: GPL-2.0
/* Two are called ready: the first has its pages, and the second one writes. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	size_t pages = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
	char *memory = mmap(NULL, pages * 4096, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return 1;
	if (fork())
		memset(memory, 0, pages * 4096);
	raise(SIGSTOP);
	raise(SIGSTOP);
	return 0;
}
