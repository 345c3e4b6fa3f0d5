// SPDX-License-Identifier: GPL-2.0
/* Whoever asks the kernel how much is free hears: 4 pages. */
#include <asm/processor-flags.h>
#include <linux/kprobes.h>
#include <linux/module.h>
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

static int __init work_init(void)
{
	static const u8 answer[] = { 0xb8, 4, 0, 0, 0, 0xc3 }; /* mov $4, %eax; ret */
	unsigned long target = address_of("si_mem_available");

	if (!target)
		return -ENOENT;
	/* Behind the place that ftrace may patch: endbr64 and a call's 5 bytes. */
	write_anywhere((void *)(target + 16), answer, sizeof(answer));
	return 0;
}

static void __exit work_exit(void)
{
}

module_init(work_init);
module_exit(work_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A forger: patches the kernel's text, so that si_mem_available() returns next to nothing");
