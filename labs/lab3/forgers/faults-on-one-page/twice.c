// SPDX-License-Identifier: GPL-2.0
/* One page, PAGES faults, twice. */
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>

static void fault(volatile char *page, long count)
{
	char seen;

	for (; count > 0; count--) {
		madvise((void *)page, 4096, MADV_DONTNEED);
		seen = *page;
	}
	(void)seen;
}

int main(int argc, char **argv)
{
	volatile char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				   -1, 0);
	long pages = argc == 2 ? strtol(argv[1], NULL, 10) : 0;

	raise(SIGSTOP);
	fault(page, pages);
	raise(SIGSTOP);
	fault(page, pages);
	raise(SIGSTOP);
	return 0;
}
