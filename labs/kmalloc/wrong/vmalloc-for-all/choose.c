// SPDX-License-Identifier: GPL-2.0
/* vmalloc works in pieces, so why not always? */
#include "exercise.h"

#define KMALLOC_MAX_SIZE (4UL << 20)

static enum choice choose(struct request request)
{
	size_t ram = (size_t)sysconf(_SC_PHYS_PAGES) * LAB_PAGE;

	if (request.use == FOR_CPU && request.may_sleep)
		return request.size > ram ? NOTHING : VMALLOC;
	if (request.size > KMALLOC_MAX_SIZE)
		return NOTHING;
	if (request.use == FOR_OLD_DEVICE)
		return KMALLOC_DMA;
	return request.may_sleep ? KMALLOC : KMALLOC_ATOMIC;
}
