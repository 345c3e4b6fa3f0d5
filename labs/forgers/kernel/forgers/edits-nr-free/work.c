// SPDX-License-Identifier: GPL-2.0
/* Fewer blocks, says each list's count. */
#include <linux/mmzone.h>
#include <linux/module.h>

static int __init work_init(void)
{
	struct free_area *area;
	int zone, order;

	for (zone = 0; zone < MAX_NR_ZONES; zone++)
		for (order = 4; order < 10; order++) {
			area = &NODE_DATA(0)->node_zones[zone].free_area[order];
			area->nr_free -= area->nr_free / 2;
		}
	return 0;
}

static void __exit work_exit(void)
{
}

module_init(work_init);
module_exit(work_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A forger: lowers the counts of free blocks of every order");
