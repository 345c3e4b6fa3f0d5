// SPDX-License-Identifier: GPL-2.0
/* The same for the other one. */
#include <signal.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	(void)argc;
	raise(SIGSTOP);
	printf("After reading - Minor: %s\n", argv[1]);
	fflush(stdout);
	raise(SIGSTOP);
	printf("After writing - Minor: %s\n", argv[1]);
	fflush(stdout);
	raise(SIGSTOP);
	return 0;
}
