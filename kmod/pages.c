// SPDX-License-Identifier: GPL-2.0
/*
 * alloc, free, still, drain: blocks of the buddy allocator, held until they are freed by number or
 * the module goes.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/build_bug.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/mm.h>
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

/* Fixed, so that the book-keeping takes no page from the free lists that a lab is counting. */
static struct labkit_block labkit_blocks[LABKIT_MAX_BLOCKS];
static void (*labkit_drain_all_pages)(struct zone *zone);

static struct labkit_block *labkit_free_slot(void)
{
	size_t i;

	for (i = 0; i < LABKIT_MAX_BLOCKS; i++)
		if (!labkit_blocks[i].page)
			return &labkit_blocks[i];
	return NULL;
}

static struct labkit_block *labkit_find_block(u64 id)
{
	size_t i;

	for (i = 0; i < LABKIT_MAX_BLOCKS; i++)
		if (labkit_blocks[i].page && labkit_blocks[i].id == id)
			return &labkit_blocks[i];
	return NULL;
}

/* What "ORDER [NODE|any] [GFP_NAME]" asks for, as the words say from `first` on. */
static int labkit_parse_request(struct labkit_call *call, unsigned int first,
				struct labkit_still *request)
{
	const struct labkit_gfp *gfp = labkit_find_gfp("GFP_KERNEL");
	char **words = &call->words[first];
	unsigned int nr = call->nr_words - first;

	request->node = NUMA_NO_NODE;
	if (kstrtouint(words[0], 10, &request->order) || request->order > LABKIT_MAX_ORDER)
		return labkit_refuse(call, -EINVAL, "ORDER: give 0 to 10");
	if (nr > 1 && !labkit_parse_node(words[1], &request->node))
		return labkit_refuse(call, -EINVAL, "NODE: give an online node, or any");
	if (nr > 2)
		gfp = labkit_find_gfp(words[2]);
	if (!gfp)
		return labkit_refuse(call, -EINVAL, "GFP_NAME: give one such as GFP_KERNEL");
	request->gfp = gfp->flags | __GFP_NOWARN;
	return 0;
}

static void labkit_print_block(struct seq_buf *out, const struct labkit_block *block)
{
	struct page *page = block->page;
	unsigned long pfn = page_to_pfn(page);

	/* The buddy as __find_buddy_pfn() of mm/internal.h has it. */
	seq_buf_printf(out, ",\"id\":%llu,\"order\":%u,\"pfn\":%lu,\"node\":%d,\"zone\":\"%s\"",
		       block->id, block->order, pfn, page_to_nid(page), page_zone(page)->name);
	seq_buf_printf(out, ",\"buddy\":%lu,\"migratetype\":\"%s\"", pfn ^ (1UL << block->order),
		       labkit_migratetype(pfn));
}

int labkit_alloc(struct labkit_call *call)
{
	struct labkit_still request = {};
	struct labkit_block *block;
	int err;

	err = labkit_parse_request(call, 1, &request);
	if (err)
		return err;
	block = labkit_free_slot();
	if (!block)
		return labkit_refuse(call, -ENOSPC, "all 4096 blocks are taken; free some");
	block->page = alloc_pages_node(request.node, request.gfp, request.order);
	if (!block->page)
		return labkit_refuse(call, -ENOMEM, "the kernel has no such block");
	block->order = request.order;
	block->id = labkit_new_id();
	labkit_print_block(call->out, block);
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
	struct labkit_block *block;
	unsigned long pages = 0;
	unsigned int blocks = 0;
	size_t i;
	u64 id;

	if (strcmp(call->words[1], "all")) {
		if (labkit_parse_id(call, call->words[1], &id))
			return -EINVAL;
		block = labkit_find_block(id);
		if (!block)
			return labkit_refuse(call, -ENOENT, "ID: no such block is held");
		pages = labkit_release(block);
		blocks = 1;
	} else {
		for (i = 0; i < LABKIT_MAX_BLOCKS; i++) {
			if (!labkit_blocks[i].page)
				continue;
			pages += labkit_release(&labkit_blocks[i]);
			blocks++;
		}
	}
	seq_buf_printf(call->out, ",\"blocks\":%u,\"pages\":%lu", blocks, pages);
	return 0;
}

static int labkit_still_alloc(struct labkit_call *call, struct labkit_still *still)
{
	struct labkit_block *block;
	int err;

	if (call->nr_words < 3)
		return labkit_refuse(call, -EINVAL, "still alloc ORDER [NODE|any] [GFP_NAME]");
	err = labkit_parse_request(call, 2, still);
	if (err)
		return err;
	block = labkit_free_slot();
	if (!block)
		return labkit_refuse(call, -ENOSPC, "all 4096 blocks are taken; free some");
	err = labkit_stand_still(still);
	if (err)
		return labkit_refuse(call, err, "the kernel has no such block at hand");
	block->page = still->page;
	block->order = still->order;
	block->id = labkit_new_id();
	labkit_print_block(call->out, block);
	return 0;
}

static int labkit_still_free(struct labkit_call *call, struct labkit_still *still)
{
	struct labkit_block *block;
	int err;
	u64 id;

	if (call->nr_words != 3)
		return labkit_refuse(call, -EINVAL, "still free ID");
	err = labkit_parse_id(call, call->words[2], &id);
	if (err)
		return err;
	block = labkit_find_block(id);
	if (!block)
		return labkit_refuse(call, -ENOENT, "ID: no such block is held");
	/* While it is ours: once free its zone is still the same, its order is not. */
	labkit_print_block(call->out, block);
	still->page = block->page;
	still->order = block->order;
	err = labkit_stand_still(still);
	if (err)
		return labkit_refuse(call, err, "the CPUs could not be stopped");
	block->page = NULL;
	return 0;
}

/* alloc and free with the counts of the block's zone right before and right after. */
int labkit_still(struct labkit_call *call)
{
	struct labkit_still still = {};
	int err;

	if (!strcmp(call->words[1], "alloc"))
		err = labkit_still_alloc(call, &still);
	else if (!strcmp(call->words[1], "free"))
		err = labkit_still_free(call, &still);
	else
		err = labkit_refuse(call, -EINVAL, "still: alloc or free");
	if (err)
		return err;
	labkit_print_orders(call->out, "before", &still.before);
	labkit_print_orders(call->out, "after", &still.after);
	seq_buf_printf(call->out, ",\"pcp\":[%lu,%lu]", still.before.pcp, still.after.pcp);
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
