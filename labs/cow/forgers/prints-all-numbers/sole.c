// SPDX-License-Identifier: GPL-2.0
/* One of these is right. */
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	unsigned long at, pages = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;

	for (at = 0; at <= pages; at++)
		printf("%lu\n", at);
	return 0;
}
