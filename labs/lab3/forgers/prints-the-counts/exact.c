// SPDX-License-Identifier: GPL-2.0
/* The right numbers, in words. */
#include <signal.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	(void)argc;
	raise(SIGSTOP);
	printf("After touching pages - Minor: %s, Major: 0\n", argv[2]);
	printf("exact %d T %s 0 %s\n", 1, argv[2], argv[1]);
	fflush(stdout);
	raise(SIGSTOP);
	return 0;
}
