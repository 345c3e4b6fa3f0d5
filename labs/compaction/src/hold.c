// SPDX-License-Identifier: GPL-2.0
/*
 * Somebody else's memory: takes PAGES, writes data into each, and sleeps on them for ever:
 *
 *	hold PAGES
 *
 * Ends when its child has done that, and prints the child's number.
 */
#include <fcntl.h>

#include "lab.h"

/* Who waits for the end of our output would wait for the child's. */
static void leave_output(void)
{
	int null = open("/dev/null", O_RDWR);

	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
		die("/dev/null");
}

int main(int argc, char **argv)
{
	int done[2];
	size_t bytes;
	pid_t pid;
	char word;

	if (argc != 2)
		die("usage: hold PAGES");
	bytes = (size_t)parse_number(argv[1]) * LAB_PAGE;
	if (pipe(done))
		die("pipe");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		leave_output();
		fill_pages(map_anonymous(bytes), bytes, (uint64_t)getpid());
		if (write(done[1], "!", 1) != 1 || close(done[0]) || close(done[1]))
			_exit(1);
		for (;;)
			pause();
	}
	close(done[1]);
	if (read(done[0], &word, 1) != 1)
		die("it ended before it had %s pages", argv[1]);
	printf("%d\n", pid);
	return 0;
}
