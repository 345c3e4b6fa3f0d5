// SPDX-License-Identifier: GPL-2.0
/* It never waits. */
#include "exercise.h"

#define KMALLOC_MAX_SIZE (4UL << 20)

static enum choice choose(struct request request)
{
	size_t ram = (size_t)sysconf(_SC_PHYS_PAGES) * LAB_PAGE;

	if (request.size <= KMALLOC_MAX_SIZE)
		return request.use == FOR_OLD_DEVICE ? KMALLOC_DMA : KMALLOC_ATOMIC;
	if (request.use != FOR_CPU || !request.may_sleep || request.size > ram)
		return NOTHING;
	return KVMALLOC;
}
