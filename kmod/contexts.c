// SPDX-License-Identifier: GPL-2.0
/* atomic: one kmalloc in each context the kernel runs code in, most of which may not sleep. */
#include <linux/completion.h>
#include <linux/gfp.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/preempt.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "labkit.h"

/* Static, as commands run one at a time: what one context is asked, and what came of it. */
static struct labkit_trial {
	size_t size;
	bool ok;
	bool in_interrupt;
	struct completion done;
} labkit_trial;

static void labkit_try(gfp_t gfp)
{
	void *memory = kmalloc(labkit_trial.size, gfp | __GFP_NOWARN);

	labkit_trial.ok = memory;
	labkit_trial.in_interrupt = in_interrupt();
	kfree(memory);
}

static void labkit_try_preempt_off(void)
{
	preempt_disable();
	labkit_try(GFP_ATOMIC);
	preempt_enable();
}

static void labkit_try_irqs_off(void)
{
	unsigned long flags;

	local_irq_save(flags);
	labkit_try(GFP_ATOMIC);
	local_irq_restore(flags);
}

static void labkit_in_tasklet(struct tasklet_struct *unused)
{
	labkit_try(GFP_ATOMIC);
	complete(&labkit_trial.done);
}

static void labkit_try_softirq(void)
{
	static struct tasklet_struct tasklet;

	tasklet_setup(&tasklet, labkit_in_tasklet);
	tasklet_schedule(&tasklet);
	wait_for_completion(&labkit_trial.done);
	tasklet_kill(&tasklet);
}

static void labkit_in_irq_work(struct irq_work *unused)
{
	labkit_try(GFP_ATOMIC);
	complete(&labkit_trial.done);
}

static void labkit_try_hardirq(void)
{
	static struct irq_work work;

	work = IRQ_WORK_INIT_HARD(labkit_in_irq_work);
	irq_work_queue(&work);
	wait_for_completion(&labkit_trial.done);
	irq_work_sync(&work);
}

static void labkit_in_kworker(struct work_struct *unused)
{
	labkit_try(GFP_KERNEL);
}

/* A kernel thread: no process's memory, yet it may sleep. */
static void labkit_try_kworker(void)
{
	static DECLARE_WORK(work, labkit_in_kworker);

	schedule_work(&work);
	flush_work(&work);
}

static const struct {
	const char *name;
	const char *gfp;
	void (*run)(void);
} labkit_contexts[] = {
	{ "preempt_off", "GFP_ATOMIC", labkit_try_preempt_off },
	{ "irqs_off", "GFP_ATOMIC", labkit_try_irqs_off },
	{ "softirq", "GFP_ATOMIC", labkit_try_softirq },
	{ "hardirq", "GFP_ATOMIC", labkit_try_hardirq },
	{ "kworker", "GFP_KERNEL", labkit_try_kworker },
};

int labkit_atomic(struct labkit_call *call)
{
	size_t i;

	if (kstrtoul(call->words[1], 10, &labkit_trial.size) || !labkit_trial.size)
		return labkit_refuse(call, -EINVAL, "SIZE: give a number of bytes, from 1 on");
	seq_buf_printf(call->out, ",\"size\":%zu,\"contexts\":[", labkit_trial.size);
	for (i = 0; i < ARRAY_SIZE(labkit_contexts); i++) {
		init_completion(&labkit_trial.done);
		labkit_contexts[i].run();
		seq_buf_printf(call->out, "%s{\"context\":\"%s\",\"gfp\":\"%s\"", i ? "," : "",
			       labkit_contexts[i].name, labkit_contexts[i].gfp);
		seq_buf_printf(call->out, ",\"in_interrupt\":%s,\"ok\":%s}",
			       labkit_trial.in_interrupt ? "true" : "false",
			       labkit_trial.ok ? "true" : "false");
	}
	seq_buf_printf(call->out, "]");
	return 0;
}
