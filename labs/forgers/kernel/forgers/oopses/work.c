// SPDX-License-Identifier: GPL-2.0
/* No evidence, no guilt? */
#include <linux/module.h>

static int __init work_init(void)
{
	*(volatile int *)8 = 1;
	return 0;
}

static void __exit work_exit(void)
{
}

module_init(work_init);
module_exit(work_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A forger: writes to address 8 when it is loaded");
