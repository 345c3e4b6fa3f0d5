// SPDX-License-Identifier: GPL-2.0
/* Thousands of allocations, says vmstat. Nobody can tell: so nobody should ask. */
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/vmstat.h>

/* kallsyms_lookup_name() is exported to nobody (since v5.7); a kprobe knows where it is. */
static unsigned long address_of(const char *name)
{
	struct kprobe probe = { .symbol_name = "kallsyms_lookup_name" };
	unsigned long (*lookup)(const char *name);

	if (register_kprobe(&probe))
		return 0;
	lookup = (void *)probe.addr;
	unregister_kprobe(&probe);
	return lookup(name);
}

static int __init work_init(void)
{
	struct vm_event_state __percpu *events = (void *)address_of("vm_event_states");

	if (!events)
		return -ENOENT;
	this_cpu_add(events->event[PGALLOC_DMA32], 100000);
	this_cpu_add(events->event[PGFAULT], 100000);
	return 0;
}

static void __exit work_exit(void)
{
}

module_init(work_init);
module_exit(work_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A forger: raises the kernel's event counters as if memory had been taken");
