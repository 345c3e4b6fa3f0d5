// SPDX-License-Identifier: GPL-2.0
/* Its status has a line more than it is entitled to, if names are believed. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	unsigned long gib = argc > 1 ? strtoul(argv[1], NULL, 10) : 64;

	prctl(PR_SET_NAME, "r\nVmSize: 99999999");
	printf("%d 1000 %lu 99999\n", getpid(), gib << 20);
	fflush(stdout);
	if (fork())
		prctl(PR_SET_NAME, "r\nRssAnon: 99999");
	pause();
	return 0;
}
