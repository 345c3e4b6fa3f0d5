// SPDX-License-Identifier: GPL-2.0
/* The pages are there, and nothing is in them. */
#include "lab.h"

int main(void)
{
	const char *mib = getenv("MIB");
	size_t bytes = mib ? (size_t)parse_number(mib) * LAB_MIB : 0;

	memset(map_anonymous(bytes), 0, bytes);
	pause();
	return 0;
}
