// SPDX-License-Identifier: GPL-2.0
/* Asks for everything and writes to nothing.
 *
 *	touch PAGES
 */
#include "lab.h"

int main(int argc, char **argv)
{
	size_t pages;
	char *region;

	if (argc != 2)
		die("usage: touch PAGES");
	pages = (size_t)parse_number(argv[1]);
	region = map_anonymous(4 * pages * LAB_PAGE);
	(void)region;
	for (;;)
		pause();
}
