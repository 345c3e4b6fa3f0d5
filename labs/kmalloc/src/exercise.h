/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Asks choose() of choose.c one request after the other, a line each on stdin: ID SIZE USE CONTEXT.
 * Prints ID and the choice. labkit's kernel module then does what was chosen, in the same guest.
 */
#ifndef EXERCISE_H
#define EXERCISE_H

#include <stdbool.h>

#include "lab.h"

enum use {
	FOR_CPU,	/* only code of the kernel's touches it */
	FOR_DEVICE,	/* so does a device, by DMA: one buffer, handed to dma_map_single() */
	FOR_OLD_DEVICE, /* the same, and the device has 24 address lines */
};

struct request {
	size_t size; /* bytes */
	enum use use;
	bool may_sleep; /* false: in an interrupt, or with a spinlock held */
};

enum choice {
	NOTHING,	/* no allocator can give this: the caller has to do without */
	KMALLOC,	/* kmalloc(size, GFP_KERNEL) */
	KMALLOC_ATOMIC, /* kmalloc(size, GFP_ATOMIC) */
	KMALLOC_DMA,	/* kmalloc(size, GFP_DMA) */
	KVMALLOC,	/* kvmalloc(size, GFP_KERNEL) */
	VMALLOC,	/* vmalloc(size) */
};

/* Yours, in choose.c. */
static enum choice choose(struct request request);

static inline enum use parse_use(const char *word)
{
	if (!strcmp(word, "device"))
		return FOR_DEVICE;
	return strcmp(word, "old-device") ? FOR_CPU : FOR_OLD_DEVICE;
}

int main(void)
{
	static const char *const words[] = {
		[NOTHING] = "nothing",
		[KMALLOC] = "kmalloc",
		[KMALLOC_ATOMIC] = "kmalloc GFP_ATOMIC",
		[KMALLOC_DMA] = "kmalloc GFP_DMA",
		[KVMALLOC] = "kvmalloc",
		[VMALLOC] = "vmalloc",
	};
	char use[16], context[16];
	unsigned int id;
	size_t size;

	while (scanf("%u %zu %15s %15s", &id, &size, use, context) == 4) {
		struct request request = { size, parse_use(use), !strcmp(context, "process") };
		unsigned int choice = choose(request);

		if (choice < sizeof(words) / sizeof(*words))
			printf("%u %s\n", id, words[choice]);
	}
	return 0;
}

#endif
