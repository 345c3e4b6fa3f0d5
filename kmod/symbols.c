// SPDX-License-Identifier: GPL-2.0
/* Functions of the kernel that modules may not link to. */
#include <linux/cpufeature.h>
#include <linux/kprobes.h>

#include "labkit.h"

/*
 * The address of a symbol, 0 when there is none. Commit 0bd476e6c671 ("kallsyms: unexport
 * kallsyms_lookup_name() and kallsyms_on_each_symbol()") (in v5.7) closed the plain way; a kprobe
 * still tells where that function is.
 */
unsigned long labkit_symbol(const char *name)
{
	static struct kprobe probe;
	unsigned long (*lookup)(const char *name);

	/*
	 * Where the CPU enforces IBT, a call through a pointer must land on ENDBR. objtool seals
	 * functions whose address the kernel never takes, and arch_adjust_kprobe_addr() of x86 puts
	 * the probe behind that instruction.
	 */
	if (cpu_feature_enabled(X86_FEATURE_IBT))
		return 0;
	probe = (struct kprobe){ .symbol_name = "kallsyms_lookup_name" };
	if (register_kprobe(&probe))
		return 0;
	lookup = (void *)probe.addr;
	unregister_kprobe(&probe);
	return lookup(name);
}
