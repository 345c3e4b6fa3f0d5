// SPDX-License-Identifier: GPL-2.0
/* Blocks that nobody has and no list knows: all counters are made to fit. */
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/spinlock.h>

static LIST_HEAD(aside);

static void cut(struct zone *zone, int order)
{
	struct free_area *area = &zone->free_area[order];
	struct list_head *entry, *next;
	unsigned long flags;
	int type;

	spin_lock_irqsave(&zone->lock, flags);
	for (type = 0; type < MIGRATE_TYPES; type++)
		list_for_each_safe(entry, next, &area->free_list[type]) {
			list_move(entry, &aside);
			area->nr_free--;
			atomic_long_sub(1L << order, &zone->vm_stat[NR_FREE_PAGES]);
			atomic_long_sub(1L << order, &vm_zone_stat[NR_FREE_PAGES]);
		}
	spin_unlock_irqrestore(&zone->lock, flags);
}

static int __init work_init(void)
{
	int zone, order;

	for (zone = 0; zone < MAX_NR_ZONES; zone++)
		for (order = 5; order < 10; order++)
			if (populated_zone(&NODE_DATA(0)->node_zones[zone]))
				cut(&NODE_DATA(0)->node_zones[zone], order);
	return 0;
}

static void __exit work_exit(void)
{
}

module_init(work_init);
module_exit(work_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A forger: takes blocks off the free lists and lowers every count to fit");
