// SPDX-License-Identifier: GPL-2.0
/* unmovable: single pages of the kernel that compaction cannot move, with holes between them. */
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/string.h>

#include "labkit.h"

/* The pages hold together by a field of their own: nothing is allocated to keep account of them. */
static LIST_HEAD(labkit_unmovables);
static unsigned long labkit_nr_unmovable;

/* Nobody is killed for a page: the number taken is less than `nr` where memory ended. */
static unsigned long labkit_take_pages(unsigned long nr, struct list_head *pages)
{
	unsigned long taken;
	struct page *page;

	for (taken = 0; taken < nr && !fatal_signal_pending(current); taken++) {
		page = alloc_page(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN);
		if (!page)
			break;
		list_add_tail(&page->lru, pages);
		cond_resched();
	}
	return taken;
}

/* Free every stride-th page, the last of each stride first met. */
static unsigned long labkit_punch(struct list_head *pages, unsigned long stride)
{
	unsigned long i = 0, freed = 0;
	struct page *page, *next;

	list_for_each_entry_safe(page, next, pages, lru) {
		if (++i % stride)
			continue;
		list_del(&page->lru);
		__free_page(page);
		freed++;
		cond_resched();
	}
	return freed;
}

int labkit_unmovable(struct labkit_call *call)
{
	unsigned long nr, stride, taken, freed = 0;
	LIST_HEAD(pages);

	if (call->nr_words == 2 && !strcmp(call->words[1], "free")) {
		freed = labkit_punch(&labkit_unmovables, 1);
		labkit_nr_unmovable = 0;
		seq_buf_printf(call->out, ",\"freed\":%lu,\"held\":0", freed);
		return 0;
	}
	if (call->nr_words != 3)
		return labkit_refuse(call, -EINVAL, "unmovable N STRIDE, or unmovable free");
	if (kstrtoul(call->words[1], 10, &nr) || !nr)
		return labkit_refuse(call, -EINVAL, "N: give a number of pages, from 1 on");
	if (kstrtoul(call->words[2], 10, &stride))
		return labkit_refuse(call, -EINVAL, "STRIDE: give a number, 0 to free none");
	if (!labkit_leaves_enough(nr))
		return labkit_refuse(call, -ENOMEM, "N: nearly all that is available");
	taken = labkit_take_pages(nr, &pages);
	if (stride)
		freed = labkit_punch(&pages, stride);
	list_splice_tail(&pages, &labkit_unmovables);
	labkit_nr_unmovable += taken - freed;
	seq_buf_printf(call->out, ",\"taken\":%lu,\"freed\":%lu,\"held\":%lu", taken, freed,
		       labkit_nr_unmovable);
	return 0;
}

void labkit_unmovable_exit(void)
{
	labkit_punch(&labkit_unmovables, 1);
}
