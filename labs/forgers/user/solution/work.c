// SPDX-License-Identifier: GPL-2.0
/* Takes MIB mebibytes and sleeps on them. */
#include "lab.h"

int main(void)
{
	const char *mib = getenv("MIB");
	size_t bytes = mib ? (size_t)parse_number(mib) * LAB_MIB : 0;

	fill_pages(map_anonymous(bytes), bytes, (uint64_t)getpid());
	pause();
	return 0;
}
