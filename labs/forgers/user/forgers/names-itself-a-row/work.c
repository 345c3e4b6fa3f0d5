// SPDX-License-Identifier: GPL-2.0
/* A process' name may hold any byte: a newline, say. */
#include <sys/prctl.h>
#include <unistd.h>

int main(void)
{
	if (fork() == 0) {
		prctl(PR_SET_NAME, "\n1 1000 999999");
		pause();
	}
	if (fork() == 0) {
		prctl(PR_SET_NAME, "work\nRssAnon:\t9");
		pause();
	}
	pause();
	return 0;
}
