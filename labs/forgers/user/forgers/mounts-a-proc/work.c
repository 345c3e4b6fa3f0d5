// SPDX-License-Identifier: GPL-2.0
/* Would show every other process a /proc of its own making. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
		perror("unshare");
	mkdir("/tmp/proc", 0755);
	if (mount("/tmp/proc", "/proc", NULL, MS_BIND, NULL))
		perror("bind over /proc");
	pause();
	return 0;
}
