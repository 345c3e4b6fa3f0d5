// SPDX-License-Identifier: GPL-2.0
/* Which allocator for which memory? */
#include "exercise.h"

#define KMALLOC_MAX_SIZE (4UL << 20) /* a block of the largest order, 10 */

static enum choice choose(struct request request)
{
	size_t ram = (size_t)sysconf(_SC_PHYS_PAGES) * LAB_PAGE;

	/* Only kmalloc gives neighbouring frames, and gives without sleeping. */
	if (request.use != FOR_CPU || !request.may_sleep) {
		if (request.size > KMALLOC_MAX_SIZE)
			return NOTHING;
		if (request.use == FOR_OLD_DEVICE)
			return KMALLOC_DMA;
		return request.may_sleep ? KMALLOC : KMALLOC_ATOMIC;
	}
	/* The kernel refuses what exceeds all of memory, however many addresses there are. */
	return request.size > ram ? NOTHING : KVMALLOC;
}
