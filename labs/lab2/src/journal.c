// SPDX-License-Identifier: GPL-2.0
/*
 * Who is left to say what happened? Notes a beat in /lab/journal.log ten times a second until
 * somebody ends it. It lets go of the terminal, so that whoever started it need not wait for it.
 */
#include <fcntl.h>

#include "lab.h"

int main(void)
{
	int null = open("/dev/null", O_RDWR);
	FILE *log = fopen("/lab/journal.log", "a");
	unsigned long beat;

	if (null < 0 || !log)
		die("/lab/journal.log");
	if (dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
		die("dup2");
	for (beat = 1;; beat++) {
		fprintf(log, "beat %lu\n", beat);
		fflush(log);
		usleep(100000);
	}
}
