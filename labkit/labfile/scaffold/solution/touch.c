// SPDX-License-Identifier: GPL-2.0
/* Asks for four times as many pages as it writes to.
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
	fill_pages(region, pages * LAB_PAGE, 1);
	for (;;)
		pause();
}
