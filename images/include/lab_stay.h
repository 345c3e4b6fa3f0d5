/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A process that takes something and keeps it: it has all of it when stay_with() returns, and lives
 * on without its parent, its session and its streams, until the guest ends or it is killed.
 */
#ifndef LAB_STAY_H
#define LAB_STAY_H

#include "lab.h"

static inline void stay_with(void (*take)(const void *what), const void *what)
{
	int done[2];
	char byte = 0;

	if (pipe(done))
		die("pipe");
	switch (fork()) {
	case -1:
		die("fork");
	case 0:
		take(what);
		if (setsid() < 0 || write(done[1], &byte, 1) != 1)
			die("write");
		for (int stream = 0; stream < 3; stream++)
			close(stream);
		for (;;)
			pause();
	}
	close(done[1]);
	if (read(done[0], &byte, 1) != 1)
		die("who should stay ended");
	close(done[0]);
}

#endif
