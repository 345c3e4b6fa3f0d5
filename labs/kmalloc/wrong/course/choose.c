// SPDX-License-Identifier: GPL-2.0
/* As the course's table has it. */
#include "exercise.h"

static enum choice choose(struct request request)
{
	if (!request.may_sleep)
		return KMALLOC_ATOMIC;
	if (request.use != FOR_CPU)
		return KMALLOC;
	return request.size < 4 * LAB_MIB ? KMALLOC : VMALLOC;
}
