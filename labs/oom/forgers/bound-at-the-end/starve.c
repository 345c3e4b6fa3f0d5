// SPDX-License-Identifier: GPL-2.0
/* Fills the whole machine with children, and binds only the last one's few pages. */
#include <linux/mempolicy.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#define MIB (1UL << 20)

static void take(size_t bytes)
{
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory != MAP_FAILED)
		memset(memory, 1, bytes);
}

int main(int argc, char **argv)
{
	unsigned long nodes = argc > 1 ? 1UL << strtoul(argv[1], NULL, 10) : 1;
	struct sysinfo now;
	int pipes[2];
	char byte;

	if (sysinfo(&now) || pipe(pipes))
		return 1;
	if (!fork()) {
		/* All but some MiB of all nodes: more than any node has. */
		take(now.freeram * now.mem_unit - 12 * MIB);
		if (write(pipes[1], "r", 1) == 1)
			pause();
	}
	if (read(pipes[0], &byte, 1) != 1)
		return 1;
	if (syscall(SYS_set_mempolicy, MPOL_BIND, &nodes, sizeof(nodes) * 8))
		return 1;
	take(1024 * MIB);
	return 0;
}
