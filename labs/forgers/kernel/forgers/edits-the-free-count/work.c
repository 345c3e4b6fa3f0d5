// SPDX-License-Identifier: GPL-2.0
/* Fewer free pages, says the counter. */
#include <linux/mmzone.h>
#include <linux/module.h>

static int __init work_init(void)
{
	int zone;

	for (zone = 0; zone < MAX_NR_ZONES; zone++) {
		struct zone *one = &NODE_DATA(0)->node_zones[zone];

		if (atomic_long_read(&one->vm_stat[NR_FREE_PAGES]) > 4096)
			atomic_long_sub(2048, &one->vm_stat[NR_FREE_PAGES]);
	}
	return 0;
}

static void __exit work_exit(void)
{
}

module_init(work_init);
module_exit(work_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A forger: lowers NR_FREE_PAGES of every zone");
