// SPDX-License-Identifier: GPL-2.0
/*
 * One step of the buddy allocator with nothing between it and the counts before and after it.
 *
 * Preemption off is not enough: another CPU, an interrupt or a page of its per-CPU lists may move
 * the lists in between. stop_machine() has every other CPU spin with interrupts off; none of them
 * can hold a zone's lock then, as a holder is not preempted.
 */
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/smp.h>
#include <linux/stop_machine.h>

#include "labkit.h"

#define LABKIT_MAX_ZONES 128

/* Which zone will give the block is not known before it has. */
static struct labkit_zone {
	struct zone *zone;
	struct labkit_area area;
} labkit_zones[LABKIT_MAX_ZONES];

static unsigned int labkit_read_all(void)
{
	unsigned int nr = 0;
	int nid, i;

	for_each_online_node(nid) {
		for (i = 0; i < MAX_NR_ZONES; i++) {
			struct zone *zone = &NODE_DATA(nid)->node_zones[i];

			if (!populated_zone(zone) || nr == LABKIT_MAX_ZONES)
				continue;
			labkit_zones[nr].zone = zone;
			labkit_read_area(zone, &labkit_zones[nr++].area);
		}
	}
	return nr;
}

static int labkit_stopped(void *data)
{
	struct labkit_still *still = data;
	unsigned int nr = labkit_read_all();
	struct page *page = still->page;
	struct zone *zone;

	if (page) {
		zone = page_zone(page);
		__free_pages(page, still->order);
	} else {
		page = alloc_pages_node(still->node, still->gfp, still->order);
		if (!page)
			return -ENOMEM;
		zone = page_zone(page);
		still->page = page;
	}
	labkit_read_area(zone, &still->after);
	while (nr--) {
		if (labkit_zones[nr].zone != zone)
			continue;
		still->before = labkit_zones[nr].area;
		return 0;
	}
	/* Unreachable below LABKIT_MAX_ZONES zones; the counts then show no change. */
	still->before = still->after;
	return 0;
}

/* -ENOMEM: the kernel has no such block that it gives without sleeping. */
int labkit_stand_still(struct labkit_still *still)
{
	/* Nobody sleeps here or wakes kswapd. The caller's CPU: its lists are those that move. */
	still->gfp = (still->gfp & ~__GFP_RECLAIM) | __GFP_NOWARN;
	return stop_machine(labkit_stopped, still, cpumask_of(raw_smp_processor_id()));
}
