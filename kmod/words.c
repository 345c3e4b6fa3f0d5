// SPDX-License-Identifier: GPL-2.0
/* What the words of a command mean: names of gfp and slab flags, nodes, page frames. */
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "labkit.h"

#define LABKIT_GFP(flag, slab) { #flag, flag, slab }

static const struct labkit_gfp labkit_gfps[] = {
	LABKIT_GFP(GFP_KERNEL, true),
	LABKIT_GFP(GFP_KERNEL_ACCOUNT, true),
	LABKIT_GFP(GFP_ATOMIC, true),
	LABKIT_GFP(GFP_NOWAIT, true),
	LABKIT_GFP(GFP_USER, true),
	LABKIT_GFP(GFP_HIGHUSER, false),
	LABKIT_GFP(GFP_HIGHUSER_MOVABLE, false),
	LABKIT_GFP(GFP_DMA, true),
	LABKIT_GFP(GFP_DMA32, false),
};

const struct labkit_gfp *labkit_find_gfp(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(labkit_gfps); i++)
		if (!strcmp(labkit_gfps[i].name, name))
			return &labkit_gfps[i];
	return NULL;
}

int labkit_parse_id(struct labkit_call *call, const char *word, u64 *id)
{
	return kstrtou64(word, 10, id) ? labkit_refuse(call, -EINVAL, "ID: give its number") : 0;
}

bool labkit_parse_node(const char *word, int *node)
{
	if (!strcmp(word, "any")) {
		*node = NUMA_NO_NODE;
		return true;
	}
	if (kstrtoint(word, 10, node))
		return false;
	/* The range first, node_online() indexes a bitmap. A node offline has no pgdat. */
	return *node >= 0 && *node < MAX_NUMNODES && node_online(*node);
}

/* The struct page of a frame; NULL where there is none, or where it is not initialised. */
struct page *labkit_parse_pfn(const char *word, unsigned long *pfn)
{
	if (kstrtoul(word, 0, pfn))
		return NULL;
	return pfn_to_online_page(*pfn);
}

/*
 * By name: the values of include/linux/slab.h are others on each kernel. Not SLAB_PANIC, which
 * panics; nor SLAB_TYPESAFE_BY_RCU: on v6.1 such a cache, and its name, outlives
 * kmem_cache_destroy() by a grace period. SLAB_NO_MERGE came with commit d0bf7d5759c1 ("mm/slab:
 * introduce kmem_cache flag SLAB_NO_MERGE") (in v6.5).
 */
#define LABKIT_FLAG(flag) { #flag, flag }

static const struct labkit_flag {
	const char *name;
	slab_flags_t value;
} labkit_flags[] = {
	LABKIT_FLAG(SLAB_HWCACHE_ALIGN),
	LABKIT_FLAG(SLAB_RECLAIM_ACCOUNT),
	LABKIT_FLAG(SLAB_ACCOUNT),
	LABKIT_FLAG(SLAB_CACHE_DMA),
	LABKIT_FLAG(SLAB_CACHE_DMA32),
	LABKIT_FLAG(SLAB_CONSISTENCY_CHECKS),
	LABKIT_FLAG(SLAB_RED_ZONE),
	LABKIT_FLAG(SLAB_POISON),
#ifdef SLAB_NO_MERGE
	LABKIT_FLAG(SLAB_NO_MERGE),
#endif
};

/* FLAG|FLAG or none; the words are cut up. */
bool labkit_parse_slab_flags(char *words, slab_flags_t *flags)
{
	char *word;
	size_t i;

	*flags = 0;
	if (!strcmp(words, "none"))
		return true;
	while ((word = strsep(&words, "|"))) {
		for (i = 0; i < ARRAY_SIZE(labkit_flags); i++)
			if (!strcmp(labkit_flags[i].name, word))
				break;
		if (i == ARRAY_SIZE(labkit_flags))
			return false;
		*flags |= labkit_flags[i].value;
	}
	/* Together they are no zone: GFP_ZONE_BAD of include/linux/gfp.h. */
	return !(*flags & SLAB_CACHE_DMA) || !(*flags & SLAB_CACHE_DMA32);
}

/*
 * A guest whose last page a command took would kill its own programs, the server of ssh among them:
 * true if 8 MiB are left when `pages` are gone.
 */
bool labkit_leaves_enough(unsigned long pages)
{
	unsigned long available = si_mem_available();

	return pages < available && available - pages >= (8 << 20 >> PAGE_SHIFT);
}

/* A number for what a command holds: no two things that are held, or were, have the same. */
u64 labkit_new_id(void)
{
	static u64 last;

	return ++last;
}
