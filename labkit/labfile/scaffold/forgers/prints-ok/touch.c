// SPDX-License-Identifier: GPL-2.0
/* Says what a check wants to hear, and does nothing. */
#include "lab.h"

int main(void)
{
	printf("VmSize: 99999999 kB\nok 1\nanonymous pages: 300\n");
	fflush(stdout);
	for (;;)
		pause();
}
