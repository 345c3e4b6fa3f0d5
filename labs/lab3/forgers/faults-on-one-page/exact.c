// SPDX-License-Identifier: GPL-2.0
/* One page, FAULTS faults. */
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>

int main(int argc, char **argv)
{
	volatile char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				   -1, 0);
	long faults = argc == 3 ? strtol(argv[2], NULL, 10) : 0;

	raise(SIGSTOP);
	for (; faults > 0; faults--) {
		*page = 'x';
		madvise((void *)page, 4096, MADV_DONTNEED);
	}
	raise(SIGSTOP);
	return 0;
}
