// SPDX-License-Identifier: GPL-2.0
/*
 * What becomes of the others when one member of a group is killed? Waits until all WORKERS
 * (environment) of them are there, fills its memory, works on for five seconds and ends:
 *
 *	worker MIB
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "lab.h"

#define ROLL "/lab/workers.roll"
#define POLL_US 20000
#define MAX_POLLS 1500 /* half a minute: then it starts without the missing ones */

int main(int argc, char **argv)
{
	const char *all = getenv("WORKERS");
	struct stat roll = { 0 };
	int fd, polls;
	size_t bytes;

	if (argc != 2 || !all)
		die("usage: WORKERS=N worker MIB");
	bytes = (size_t)parse_number(argv[1]) * LAB_MIB;
	fd = open(ROLL, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (fd < 0 || write(fd, ".", 1) != 1)
		die(ROLL);
	for (polls = 0; polls < MAX_POLLS && roll.st_size < parse_number(all); polls++) {
		usleep(POLL_US);
		if (fstat(fd, &roll))
			die(ROLL);
	}
	fill_pages(map_anonymous(bytes), bytes, (uint64_t)getpid());
	sleep(5);
	return 0;
}
