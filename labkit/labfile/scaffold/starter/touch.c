// SPDX-License-Identifier: GPL-2.0
/* Asks for four times as many pages as it writes to: that is yours to write. lab.h helps.
 *
 *	touch PAGES
 */
#include "lab.h"

int main(int argc, char **argv)
{
	long pages;

	if (argc != 2)
		die("usage: touch PAGES");
	pages = parse_number(argv[1]);
	(void)pages;
	for (;;)
		pause();
}
