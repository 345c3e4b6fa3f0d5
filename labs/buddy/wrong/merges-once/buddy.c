// SPDX-License-Identifier: GPL-2.0
/* Who is a block's buddy, what is left of a larger block, and what does a free merge to? */
#include "exercise.h"

/* __find_buddy_pfn() of mm/internal.h. */
static struct block buddy(struct block of)
{
	of.pfn ^= 1UL << of.order;
	return of;
}

/* expand() of mm/page_alloc.c: the upper half goes back, the lower one is split on. */
static unsigned int split(struct block found, unsigned int order, struct block *rest)
{
	unsigned int nr = 0;

	while (found.order > order) {
		found.order--;
		rest[nr++] = buddy(found);
	}
	return nr;
}

/* __free_one_page() of mm/page_alloc.c. */
static struct block merge(struct block freed)
{
	if (freed.order < MAX_ORDER && is_free(buddy(freed))) {
		freed.pfn &= ~(1UL << freed.order);
		freed.order++;
	}
	return freed;
}
