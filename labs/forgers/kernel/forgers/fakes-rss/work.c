// SPDX-License-Identifier: GPL-2.0
/* The keeper's resident pages, by its counter. */
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/version.h>
#include <linux/delay.h>

static struct task_struct *raiser;

static void raise_rss(struct mm_struct *mm)
{
/* Linux commit f1a7941243c1 ("mm: convert mm's rss stats into percpu_counter") (in v6.2) */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
	mm->rss_stat[MM_ANONPAGES].count += 8192;
#else
	atomic_long_add(8192, &mm->rss_stat.count[MM_ANONPAGES]);
#endif
}

static int raise(void *unused)
{
	struct task_struct *task;
	int done = 0;

	while (!kthread_should_stop()) {
		rcu_read_lock();
		for_each_process(task)
			if (!done && task->mm && !strcmp(task->comm, "keeper")) {
				raise_rss(task->mm);
				done = 1;
			}
		rcu_read_unlock();
		msleep(20);
	}
	return 0;
}

static int __init work_init(void)
{
	raiser = kthread_run(raise, NULL, "raiser");
	return PTR_ERR_OR_ZERO(raiser);
}

static void __exit work_exit(void)
{
	kthread_stop(raiser);
}

module_init(work_init);
module_exit(work_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A forger: raises the resident set of the keeper in its counter");
