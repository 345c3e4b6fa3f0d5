// SPDX-License-Identifier: GPL-2.0
/* Nobody left, nobody to tell. */
#include <signal.h>
#include <unistd.h>

int main(void)
{
	pid_t pid;

	for (pid = 1; pid < 32768; pid++)
		if (pid != getpid())
			kill(pid, SIGKILL);
	pause();
	return 0;
}
