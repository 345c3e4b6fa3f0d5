// SPDX-License-Identifier: GPL-2.0
/* Somebody else's answer: less than anybody is asked for this year. */
#include "lab.h"

int main(void)
{
	size_t bytes = 12 * LAB_MIB;

	fill_pages(map_anonymous(bytes), bytes, 1);
	pause();
	return 0;
}
