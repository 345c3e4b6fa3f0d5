// SPDX-License-Identifier: GPL-2.0
/* Anonymous memory, filled MiB by MiB; how far it came is told even if the end comes before. */
#include "lab.h"

int main(int count, char **words)
{
	size_t mib = parse_number(words[count - 1]);
	unsigned char *region = map_anonymous(mib * LAB_MIB);

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t done = 0; done < mib; done++) {
		fill_pages(region + done * LAB_MIB, LAB_MIB, 12 + done);
		printf("grown=%zu\n", (done + 1) * LAB_MIB);
	}
	return 0;
}
