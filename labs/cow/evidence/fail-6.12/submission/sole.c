// SPDX-License-Identifier: GPL-2.0
/* sole PID START PAGES: how many of these pages of a process does nobody else map? */
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: sole PID START PAGES\n");
		return 2;
	}
	/* TODO: /proc/PID/pagemap has 8 bytes a page; START is hexadecimal. Print a number. */
	(void)argv;
	return 0;
}
