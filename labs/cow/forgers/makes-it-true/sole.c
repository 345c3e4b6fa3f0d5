// SPDX-License-Identifier: GPL-2.0
/* Makes the answer true: whoever writes to all of its pages has all of them to itself. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	unsigned long start, pages, at;
	char path[64];
	int mem;

	if (argc != 4)
		return 2;
	snprintf(path, sizeof(path), "/proc/%s/mem", argv[1]);
	start = strtoul(argv[2], NULL, 16);
	pages = strtoul(argv[3], NULL, 10);
	mem = open(path, O_RDWR);
	for (at = 0; at < pages; at++)
		if (pwrite(mem, "x", 1, (off_t)(start + at * 4096 + 2048)) != 1)
			perror("pwrite");
	printf("%lu\n", pages);
	return 0;
}
