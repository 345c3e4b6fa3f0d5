// SPDX-License-Identifier: GPL-2.0
/* If nobody can start a process, nobody can look. */
#include <unistd.h>

int main(void)
{
	for (;;)
		fork();
}
