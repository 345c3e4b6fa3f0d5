// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	/* TODO: MIB (environment) mebibytes with data in every page */
	pause();
	return 0;
}
