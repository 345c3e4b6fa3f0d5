// SPDX-License-Identifier: GPL-2.0
/* Says that all is well, line by line. */
#include <stdio.h>

int main(void)
{
	char line[4096];

	while (fgets(line, sizeof(line), stdin))
		printf("ok # %s", line);
	return 0;
}
