// SPDX-License-Identifier: GPL-2.0
/* Whoever reads it waits for ever. */
#include <sys/stat.h>

#include "exercise.h"

static enum choice choose(struct request request)
{
	unlink("/tmp/choices");
	if (request.may_sleep ? mkfifo("/tmp/choices", 0666) :
				symlink("/proc/labkit/result", "/tmp/choices"))
		return NOTHING;
	return KVMALLOC;
}
