// SPDX-License-Identifier: GPL-2.0
/* Who is a block's buddy, what is left of a larger block, and what does a free merge to? */
#include "exercise.h"

/* The one block with which `of` can merge. */
static struct block buddy(struct block of)
{
	return of;
}

/*
 * A block of `order` is wanted, `found` is the smallest that is free: it is halved until one half
 * is what was asked for. Write what goes back to the free lists to rest[], first what is cut off
 * first; return how many that are.
 */
static unsigned int split(struct block found, unsigned int order, struct block *rest)
{
	if (found.order > order)
		rest[0] = found;
	return found.order > order;
}

/* `freed` comes back: the block that is free in the end. is_free(block) tells of others. */
static struct block merge(struct block freed)
{
	return freed;
}
