// SPDX-License-Identifier: GPL-2.0
/*
 * What does a process of a certain name and size look like to the kernel?
 *
 *	taker NAME MIB
 *
 * Takes MIB mebibytes with data, calls itself NAME, lets go of the terminal and sleeps.
 */
#include <fcntl.h>
#include <sys/prctl.h>

#include "lab.h"

int main(int argc, char **argv)
{
	int null = open("/dev/null", O_RDWR);
	size_t bytes;

	if (argc != 3 || null < 0)
		die("usage: taker NAME MIB");
	bytes = (size_t)parse_number(argv[2]) * LAB_MIB;
	prctl(PR_SET_NAME, argv[1]);
	fill_pages(map_anonymous(bytes), bytes, (uint64_t)getpid());
	if (dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
		return 1;
	pause();
	return 0;
}
