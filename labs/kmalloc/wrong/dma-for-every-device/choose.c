// SPDX-License-Identifier: GPL-2.0
/* The flag is called so, after all. */
#include "exercise.h"

#define KMALLOC_MAX_SIZE (4UL << 20)

static enum choice choose(struct request request)
{
	size_t ram = (size_t)sysconf(_SC_PHYS_PAGES) * LAB_PAGE;

	if (request.use == FOR_CPU && request.may_sleep)
		return request.size > ram ? NOTHING : KVMALLOC;
	if (request.size > KMALLOC_MAX_SIZE)
		return NOTHING;
	return request.may_sleep ? KMALLOC_DMA : KMALLOC_ATOMIC;
}
