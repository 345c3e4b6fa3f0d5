// SPDX-License-Identifier: GPL-2.0
/*
 * Does a working set fit? Writes to every page of MIB mebibytes, and then once more, in the same
 * order: what did not fit the first time has to come back the second. Then all of it is given back.
 */
#include "lab.h"

int main(int argc, char **argv)
{
	size_t bytes;
	char *region;

	if (argc != 2)
		die("usage: press MIB");
	bytes = (size_t)parse_number(argv[1]) * LAB_MIB;
	if (!bytes)
		die("pressure.toml has no line 'mib = NUMBER'");
	region = map_anonymous(bytes);
	fill_pages(region, bytes, 1);
	fill_pages(region, bytes, 2);
	return 0;
}
