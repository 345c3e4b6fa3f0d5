// SPDX-License-Identifier: GPL-2.0
/*
 * How many faults does an allocation cost? The course's program, word for word but for the layout,
 * `static` and the marks around comments.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>

static void print_faults(const char *label)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	printf("%s - Minor: %ld, Major: %ld\n",
	       label, usage.ru_minflt, usage.ru_majflt);
}

int main(void)
{
	size_t size = 100 * 1024 * 1024; /* 100 MB */

	print_faults("Before allocation");

	/* Allocate (no faults yet - lazy allocation) */
	char *mem = malloc(size);

	print_faults("After malloc");

	/* Touch every page (causes faults) */
	for (size_t i = 0; i < size; i += 4096)
		mem[i] = 'x';
	print_faults("After touching pages");

	free(mem);
	return 0;
}
