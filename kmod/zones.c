// SPDX-License-Identifier: GPL-2.0
/* fa, is_free: the free lists of the zones, read under the lock that guards them. */
#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>
#include <linux/vmstat.h>

#include "labkit.h"

static unsigned long labkit_pcp_count(struct zone *zone, int cpu)
{
	return READ_ONCE(per_cpu_ptr(zone->per_cpu_pageset, cpu)->count);
}

/*
 * The lists as they are together at one instant. The per-CPU lists have locks of their own: unless
 * all other CPUs stand still, their count may be of an instant later.
 */
void labkit_read_area(struct zone *zone, struct labkit_area *area)
{
	unsigned long flags;
	unsigned int order;
	int cpu;

	spin_lock_irqsave(&zone->lock, flags);
	for (order = 0; order < LABKIT_NR_ORDERS; order++)
		area->nr_free[order] = zone->free_area[order].nr_free;
	area->pcp = 0;
	for_each_online_cpu(cpu)
		area->pcp += labkit_pcp_count(zone, cpu);
	spin_unlock_irqrestore(&zone->lock, flags);
}

void labkit_print_orders(struct seq_buf *out, const char *key, const struct labkit_area *area)
{
	unsigned int order;

	seq_buf_printf(out, ",\"%s\":[", key);
	for (order = 0; order < LABKIT_NR_ORDERS; order++)
		seq_buf_printf(out, "%s%lu", order ? "," : "", area->nr_free[order]);
	seq_buf_printf(out, "]");
}

static void labkit_print_zone(struct seq_buf *out, struct zone *zone)
{
	const char *comma = "";
	struct labkit_area area;
	int cpu;

	seq_buf_printf(out, "{\"node\":%d,\"zone\":\"%s\"", zone_to_nid(zone), zone->name);
	seq_buf_printf(out, ",\"start_pfn\":%lu,\"spanned\":%lu,\"managed\":%lu",
		       zone->zone_start_pfn, zone->spanned_pages, zone_managed_pages(zone));
	labkit_read_area(zone, &area);
	labkit_print_orders(out, "nr_free", &area);
	seq_buf_printf(out, ",\"pcp\":{");
	for_each_online_cpu(cpu) {
		seq_buf_printf(out, "%s\"%d\":%lu", comma, cpu, labkit_pcp_count(zone, cpu));
		comma = ",";
	}
	seq_buf_printf(out, "}}");
}

int labkit_fa(struct labkit_call *call)
{
	const char *comma = "";
	int nid, i;

	seq_buf_printf(call->out, ",\"zones\":[");
	for_each_online_node(nid) {
		for (i = 0; i < MAX_NR_ZONES; i++) {
			struct zone *zone = &NODE_DATA(nid)->node_zones[i];

			if (!populated_zone(zone))
				continue;
			seq_buf_printf(call->out, "%s", comma);
			labkit_print_zone(call->out, zone);
			comma = ",";
		}
	}
	seq_buf_printf(call->out, "]");
	return 0;
}

/* As is_free_buddy_page() of mm/page_alloc.c: a page in a free block is not the block's first. */
int labkit_is_free(struct labkit_call *call)
{
	unsigned int order, found = 0;
	struct page *page, *head;
	unsigned long pfn, flags;
	bool is_free = false;
	struct zone *zone;

	page = labkit_parse_pfn(call->words[1], &pfn);
	if (!page)
		return labkit_refuse(call, -EINVAL, "PFN: there is no such page frame");
	zone = page_zone(page);
	spin_lock_irqsave(&zone->lock, flags);
	for (order = 0; order < LABKIT_NR_ORDERS && !is_free; order++) {
		/* A block never leaves its pageblock's section: the head has a struct page, too. */
		head = page - (pfn & ((1UL << order) - 1));
		found = page_private(head);
		is_free = PageBuddy(head) && found >= order;
	}
	spin_unlock_irqrestore(&zone->lock, flags);

	seq_buf_printf(call->out, ",\"pfn\":%lu,\"node\":%d,\"zone\":\"%s\",\"free\":%s", pfn,
		       zone_to_nid(zone), zone->name, is_free ? "true" : "false");
	if (is_free)
		seq_buf_printf(call->out, ",\"block\":%lu,\"order\":%u", page_to_pfn(head), found);
	else
		seq_buf_printf(call->out, ",\"block\":null,\"order\":null");
	return 0;
}
