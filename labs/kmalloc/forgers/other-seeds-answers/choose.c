// SPDX-License-Identifier: GPL-2.0
/* The choices of a friend, by number. */
#include "exercise.h"

static enum choice choose(struct request request)
{
	static const enum choice friends[] = {
		KVMALLOC, KVMALLOC, KMALLOC, KMALLOC, KMALLOC, KMALLOC_ATOMIC,
		KMALLOC_ATOMIC, KVMALLOC, KVMALLOC, KVMALLOC, KVMALLOC, NOTHING,
		KMALLOC_ATOMIC, KMALLOC, NOTHING, KVMALLOC, KVMALLOC, KMALLOC_DMA,
		KVMALLOC, KVMALLOC, KVMALLOC, KVMALLOC, KVMALLOC, KMALLOC, KVMALLOC,
		KMALLOC, NOTHING, KMALLOC_DMA, NOTHING, KMALLOC, KMALLOC_DMA,
		KMALLOC_ATOMIC, KMALLOC_ATOMIC, NOTHING, NOTHING, KVMALLOC, KMALLOC,
		KMALLOC_DMA, KVMALLOC, KVMALLOC, NOTHING, KVMALLOC, NOTHING, KMALLOC_DMA,
		KMALLOC_ATOMIC, KMALLOC,
	};
	static unsigned int nr;

	if (nr == sizeof(friends) / sizeof(*friends))
		return NOTHING;
	return request.size ? friends[nr++] : NOTHING;
}
