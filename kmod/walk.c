// SPDX-License-Identifier: GPL-2.0
/* walk: the page table entries that lead to one address of one process. */
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/pgtable.h>
#include <linux/pid.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>

#include "labkit.h"

struct labkit_entry {
	const char *level;
	unsigned int index;
	u64 raw;
};

/* The way down. size is what the last entry covers, pfn its first frame if it maps any. */
struct labkit_path {
	struct labkit_entry entries[5];
	unsigned int depth;
	unsigned long size;
	unsigned long pfn;
};

/* Note an entry; true if it points to a table. Nobody asks a pte: its bit 7 is PAT, not PSE. */
static bool labkit_enter(struct labkit_path *path, const char *level, unsigned int index, u64 raw,
			 unsigned long size)
{
	path->entries[path->depth++] = (struct labkit_entry){ level, index, raw };
	path->size = size;
	return (raw & (_PAGE_PRESENT | _PAGE_PSE)) == _PAGE_PRESENT;
}

/*
 * Read each entry once and go on from the copy, with interrupts off, as the fast path of mm/gup.c
 * does. The mmap lock alone does not keep the tables: munmap frees them under a lock that it has
 * downgraded for reading, khugepaged without it. Both first wait for RCU or for an IPI.
 */
static void labkit_descend(struct mm_struct *mm, unsigned long vaddr, struct labkit_path *path)
{
	bool five = pgtable_l5_enabled();
	pgd_t *pgdp, pgd;
	p4d_t *p4dp, p4d;
	pud_t *pudp, pud;
	pmd_t *pmdp, pmd;
	pte_t pte;

	pgdp = pgd_offset(mm, vaddr);
	pgd = READ_ONCE(*pgdp);
	if (five && !labkit_enter(path, "pgd", pgd_index(vaddr), pgd_val(pgd), PGDIR_SIZE))
		return;

	/* With four levels the p4d is folded: its only entry is the pgd's. */
	p4dp = p4d_offset_lockless(pgdp, pgd, vaddr);
	p4d = READ_ONCE(*p4dp);
	if (!labkit_enter(path, five ? "p4d" : "pgd", five ? p4d_index(vaddr) : pgd_index(vaddr),
			  p4d_val(p4d), P4D_SIZE))
		return;

	pudp = pud_offset_lockless(p4dp, p4d, vaddr);
	pud = READ_ONCE(*pudp);
	path->pfn = pud_pfn(pud);
	if (!labkit_enter(path, "pud", pud_index(vaddr), pud_val(pud), PUD_SIZE))
		return;

	pmdp = pmd_offset_lockless(pudp, pud, vaddr);
	pmd = READ_ONCE(*pmdp);
	path->pfn = pmd_pfn(pmd);
	if (!labkit_enter(path, "pmd", pmd_index(vaddr), pmd_val(pmd), PMD_SIZE))
		return;

	pte = READ_ONCE(*pte_offset_kernel(&pmd, vaddr));
	path->pfn = pte_pfn(pte);
	labkit_enter(path, "pte", pte_index(vaddr), pte_val(pte), PAGE_SIZE);
}

/* What the last entry says: a swapped, migrating or just splitting page is nonpresent. */
static const char *labkit_state(u64 raw)
{
	if (!raw)
		return "none";
	if (raw & _PAGE_PRESENT)
		return "present";
	return raw & _PAGE_PROTNONE ? "protnone" : "nonpresent";
}

static void labkit_print_path(struct seq_buf *out, const struct labkit_path *path)
{
	const struct labkit_entry *last = &path->entries[path->depth - 1];
	const struct labkit_entry *entry;

	seq_buf_printf(out, ",\"entries\":[");
	for (entry = path->entries; entry <= last; entry++) {
		seq_buf_printf(out, "{\"level\":\"%s\",\"index\":%u,", entry->level, entry->index);
		seq_buf_printf(out, "\"raw\":\"0x%llx\"}%s", entry->raw, entry == last ? "" : ",");
	}
	seq_buf_printf(out, "],\"state\":\"%s\",\"leaf\":\"%s\",\"size\":%lu,\"pfn\":",
		       labkit_state(last->raw), last->level, path->size);
	if (last->raw & (_PAGE_PRESENT | _PAGE_PROTNONE))
		seq_buf_printf(out, "%lu", path->pfn);
	else
		seq_buf_printf(out, "null");
}

static struct mm_struct *labkit_get_mm(pid_t nr)
{
	struct pid *pid = find_get_pid(nr);
	struct task_struct *task = get_pid_task(pid, PIDTYPE_PID);
	struct mm_struct *mm = NULL;

	if (task) {
		mm = get_task_mm(task);
		put_task_struct(task);
	}
	put_pid(pid);
	return mm;
}

int labkit_walk(struct labkit_call *call)
{
	struct labkit_path path = {};
	unsigned long vaddr, flags;
	struct mm_struct *mm;
	pid_t nr;
	int err;

	if (kstrtoint(call->words[1], 10, &nr) || nr <= 0)
		return labkit_refuse(call, -EINVAL, "PID: give the number of a process");
	if (kstrtoul(call->words[2], 0, &vaddr))
		return labkit_refuse(call, -EINVAL, "VADDR: give an address such as 0x7f00");
	mm = labkit_get_mm(nr);
	if (!mm)
		return labkit_refuse(call, -ESRCH, "PID: no such process, or it has no memory");
	if (vaddr >= mm->task_size) {
		err = labkit_refuse(call, -EINVAL, "VADDR: give an address of user space");
		goto put;
	}
	err = mmap_read_lock_killable(mm);
	if (err) {
		labkit_refuse(call, err, "interrupted");
		goto put;
	}
	local_irq_save(flags);
	labkit_descend(mm, vaddr, &path);
	local_irq_restore(flags);
	mmap_read_unlock(mm);

	seq_buf_printf(call->out, ",\"pid\":%d,\"vaddr\":\"0x%lx\",\"levels\":%d", nr, vaddr,
		       pgtable_l5_enabled() ? 5 : 4);
	labkit_print_path(call->out, &path);
put:
	mmput(mm);
	return err;
}
