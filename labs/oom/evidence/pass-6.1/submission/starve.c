// SPDX-License-Identifier: GPL-2.0
/* Memory runs out for a process that may take it from one node only, however much the other has. */
#include <linux/mempolicy.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BYTES (1UL << 30)

int main(int argc, char **argv)
{
	size_t at, page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned long nodes;
	volatile char *memory;

	if (argc != 2) {
		fprintf(stderr, "usage: starve NODE\n");
		return 2;
	}
	nodes = 1UL << strtoul(argv[1], NULL, 10);
	if (syscall(SYS_set_mempolicy, MPOL_BIND, &nodes, sizeof(nodes) * 8)) {
		perror("set_mempolicy");
		return 1;
	}
	memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	for (at = 0; at < BYTES; at += page)
		memory[at] = 1;
	return 0;
}
