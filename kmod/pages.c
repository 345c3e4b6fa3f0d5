// SPDX-License-Identifier: GPL-2.0
/*
 * alloc, free, drain: blocks of the buddy allocator, held until they are freed by number or the
 * module goes.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/build_bug.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "labkit.h"

#define LABKIT_MAX_BLOCKS 4096

/* The sentences below name these numbers. */
static_assert(LABKIT_MAX_ORDER == 10);
static_assert(LABKIT_MAX_BLOCKS == 4096);

struct labkit_block {
	struct page *page;
	u64 id;
	unsigned int order;
};

struct labkit_gfp {
	const char *name;
	gfp_t flags;
};

#define LABKIT_GFP(flag) { #flag, flag }

static const struct labkit_gfp labkit_gfps[] = {
	LABKIT_GFP(GFP_KERNEL),
	LABKIT_GFP(GFP_ATOMIC),
	LABKIT_GFP(GFP_NOWAIT),
	LABKIT_GFP(GFP_USER),
	LABKIT_GFP(GFP_HIGHUSER),
	LABKIT_GFP(GFP_HIGHUSER_MOVABLE),
	LABKIT_GFP(GFP_DMA),
	LABKIT_GFP(GFP_DMA32),
};

/* Fixed, so that the book-keeping takes no page from the free lists that a lab is counting. */
static struct labkit_block labkit_blocks[LABKIT_MAX_BLOCKS];
static u64 labkit_last_id;
static void (*labkit_drain_all_pages)(struct zone *zone);

static const struct labkit_gfp *labkit_find_gfp(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(labkit_gfps); i++)
		if (!strcmp(labkit_gfps[i].name, name))
			return &labkit_gfps[i];
	return NULL;
}

static struct labkit_block *labkit_free_slot(void)
{
	size_t i;

	for (i = 0; i < LABKIT_MAX_BLOCKS; i++)
		if (!labkit_blocks[i].page)
			return &labkit_blocks[i];
	return NULL;
}

static bool labkit_parse_node(const char *word, int *node)
{
	if (!strcmp(word, "any"))
		return true;
	if (kstrtoint(word, 10, node))
		return false;
	/* The range first, node_online() indexes a bitmap. A node offline has no pgdat. */
	return *node >= 0 && *node < MAX_NUMNODES && node_online(*node);
}

int labkit_alloc(struct labkit_call *call)
{
	const struct labkit_gfp *gfp = &labkit_gfps[0];
	struct labkit_block *block;
	int node = NUMA_NO_NODE;
	unsigned int order;
	struct page *page;
	unsigned long pfn;

	if (kstrtouint(call->words[1], 10, &order) || order > LABKIT_MAX_ORDER)
		return labkit_refuse(call, -EINVAL, "ORDER: give 0 to 10");
	if (call->nr_words > 2 && !labkit_parse_node(call->words[2], &node))
		return labkit_refuse(call, -EINVAL, "NODE: give an online node, or any");
	if (call->nr_words > 3)
		gfp = labkit_find_gfp(call->words[3]);
	if (!gfp)
		return labkit_refuse(call, -EINVAL, "GFP_NAME: give one such as GFP_KERNEL");
	block = labkit_free_slot();
	if (!block)
		return labkit_refuse(call, -ENOSPC, "all 4096 blocks are taken; free some");
	page = alloc_pages_node(node, gfp->flags | __GFP_NOWARN, order);
	if (!page)
		return labkit_refuse(call, -ENOMEM, "the kernel has no such block");

	block->page = page;
	block->order = order;
	block->id = ++labkit_last_id;
	pfn = page_to_pfn(page);
	/* The buddy as __find_buddy_pfn() of mm/internal.h has it. */
	seq_buf_printf(call->out, ",\"id\":%llu,\"order\":%u,\"pfn\":%lu", block->id, order, pfn);
	seq_buf_printf(call->out, ",\"node\":%d,\"zone\":\"%s\",\"buddy\":%lu", page_to_nid(page),
		       page_zone(page)->name, pfn ^ (1UL << order));
	return 0;
}

static unsigned long labkit_release(struct labkit_block *block)
{
	__free_pages(block->page, block->order);
	block->page = NULL;
	return 1UL << block->order;
}

int labkit_free(struct labkit_call *call)
{
	bool all = !strcmp(call->words[1], "all");
	unsigned long pages = 0;
	unsigned int blocks = 0;
	u64 id = 0;
	size_t i;

	if (!all && kstrtou64(call->words[1], 10, &id))
		return labkit_refuse(call, -EINVAL, "ID: give a number from alloc, or all");
	for (i = 0; i < LABKIT_MAX_BLOCKS; i++) {
		if (!labkit_blocks[i].page || (!all && labkit_blocks[i].id != id))
			continue;
		pages += labkit_release(&labkit_blocks[i]);
		blocks++;
	}
	if (!all && !blocks)
		return labkit_refuse(call, -ENOENT, "ID: no such block is held");
	seq_buf_printf(call->out, ",\"blocks\":%u,\"pages\":%lu", blocks, pages);
	return 0;
}

int labkit_drain(struct labkit_call *call)
{
	if (!labkit_drain_all_pages)
		return labkit_refuse(call, -EOPNOTSUPP, "drain_all_pages was not found");
	labkit_drain_all_pages(NULL);
	return 0;
}

void labkit_pages_init(void)
{
	labkit_drain_all_pages = (void *)labkit_symbol("drain_all_pages");
	if (!labkit_drain_all_pages)
		pr_warn("drain_all_pages not found: 'drain' will be refused\n");
}

void labkit_pages_exit(void)
{
	size_t i;

	for (i = 0; i < LABKIT_MAX_BLOCKS; i++)
		if (labkit_blocks[i].page)
			labkit_release(&labkit_blocks[i]);
}
