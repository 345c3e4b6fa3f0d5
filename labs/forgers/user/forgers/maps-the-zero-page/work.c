// SPDX-License-Identifier: GPL-2.0
/* All of it mapped, none of it taken. */
#include "lab.h"

int main(void)
{
	const char *mib = getenv("MIB");
	size_t bytes = mib ? (size_t)parse_number(mib) * LAB_MIB : 0, at;
	volatile char *region = map_anonymous(bytes);
	char sum = 0;

	for (at = 0; at < bytes; at += LAB_PAGE)
		sum += region[at];
	pause();
	return sum;
}
