// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>

static int __init work_init(void)
{
	/* TODO: take the blocks */
	return 0;
}

static void __exit work_exit(void)
{
}

module_init(work_init);
module_exit(work_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Does nothing yet");
