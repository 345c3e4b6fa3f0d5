// SPDX-License-Identifier: GPL-2.0
/* Two programs of one name: the second is what the first should have become. */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "labkit_tags.h"

#define PAGE 4096UL
#define HUGE (2UL << 20)
#define SPARSE 0x10000

static void must(int failed, const char *what)
{
	if (failed) {
		perror(what);
		exit(1);
	}
}

/* A huge page needs 2 MiB of addresses that begin at a multiple of 2 MiB. */
static char *map_aligned(size_t areas)
{
	char *all = mmap(NULL, (areas + 1) * HUGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(all == MAP_FAILED, "mmap");
	return (char *)(((uintptr_t)all + HUGE - 1) & ~(HUGE - 1));
}

static void lay_out(const char *pattern, char huge, size_t sparse)
{
	size_t areas = strlen(pattern), at;
	char *region = map_aligned(areas), *thin = map_aligned(sparse);

	for (at = 0; at < areas; at++)
		must(madvise(region + at * HUGE, HUGE,
			     pattern[at] == huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE), "madvise");
	tag_pages(tag_nonce(), 0, region, areas * HUGE);
	must(madvise(thin, sparse * HUGE, MADV_NOHUGEPAGE), "madvise");
	for (at = 0; at < sparse; at++)
		tag_pages(tag_nonce(), SPARSE + at, thin + at * HUGE, PAGE);
}

int main(int argc, char **argv)
{
	pid_t other;

	if (argc != 3)
		return 2;
	other = fork();
	must(other < 0, "fork");
	if (other == 0) {
		/* The elder stops first; this one is found when the elder is gone. */
		sleep(1);
		lay_out(argv[1], 's', strtoul(argv[2], NULL, 10));
		raise(SIGSTOP);
		return 0;
	}
	lay_out(argv[1], 'H', strtoul(argv[2], NULL, 10));
	raise(SIGSTOP);
	return 0;
}
