// SPDX-License-Identifier: GPL-2.0
/* It takes what it gets. */
#include "exercise.h"

static enum choice choose(struct request request)
{
	return request.size ? KVMALLOC : NOTHING;
}
