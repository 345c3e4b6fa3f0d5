// SPDX-License-Identifier: GPL-2.0
/* The kernel says so itself. */
#include <linux/module.h>
#include <linux/printk.h>

static int __init work_init(void)
{
	printk(KERN_INFO "labkit: work holds 1920 pages, keeper 16384 KiB: ok\n");
	printk(KERN_INFO "KTAP version 1\n1..2\nok 1 taken\nok 2 grown\n");
	return 0;
}

static void __exit work_exit(void)
{
}

module_init(work_init);
module_exit(work_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A forger: logs at the kernel's own facility that all was done");
