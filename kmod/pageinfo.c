// SPDX-License-Identifier: GPL-2.0
/* pageinfo, is_slab: what struct page says of one page frame. */
#include <linux/cgroup.h>
#include <linux/kernel.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/page-flags.h>
#include <linux/pageblock-flags.h>
#include <linux/rcupdate.h>
#include <linux/string.h>
#include <linux/version.h>

#include "labkit.h"

static const char *const labkit_migratetypes[] = {
	[MIGRATE_UNMOVABLE] = "Unmovable",
	[MIGRATE_MOVABLE] = "Movable",
	[MIGRATE_RECLAIMABLE] = "Reclaimable",
	[MIGRATE_HIGHATOMIC] = "HighAtomic",
#ifdef CONFIG_CMA
	[MIGRATE_CMA] = "CMA",
#endif
#ifdef CONFIG_MEMORY_ISOLATION
	[MIGRATE_ISOLATE] = "Isolate",
#endif
};

/*
 * The type of a frame's pageblock, by its name in /proc/pagetypeinfo. As get_pfnblock_flags_mask()
 * of mm/page_alloc.c, which is not exported. The frame must be one of labkit_parse_pfn().
 */
const char *labkit_migratetype(unsigned long pfn)
{
	const unsigned long *bitmap = section_to_usemap(__pfn_to_section(pfn));
	unsigned long block = (pfn & (PAGES_PER_SECTION - 1)) >> pageblock_order;
	unsigned long bit = block * NR_PAGEBLOCK_BITS;
	unsigned long type = READ_ONCE(bitmap[BIT_WORD(bit)]) >> (bit % BITS_PER_LONG);

	type &= MIGRATETYPE_MASK;
	return type < ARRAY_SIZE(labkit_migratetypes) ? labkit_migratetypes[type] : "unknown";
}

/*
 * Mappings of this page alone, as in /proc/kpagecount. A page with a type has it in the same place.
 * page_mapcount() of include/linux/mm.h is not in v6.12 any more. Before v6.2 it is needed, for a
 * huge page mapped in both ways at once (PageDoubleMap) counts its pages once too often.
 */
static int labkit_mapcount(struct page *page)
{
	int mapcount = atomic_read(&page->_mapcount) + 1;

	if (PageSlab(compound_head(page)))
		return 0;
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
	if (PageCompound(page))
		return page_mapcount(page);
#else
	if (PageCompound(page))
		return max(mapcount, 0) + folio_entire_mapcount(page_folio(page));
#endif
	return max(mapcount, 0);
}

/* Names as "%pGp" of lib/vsprintf.c has them on this kernel: "0x…(head|dirty|node=0|…)". */
static void labkit_print_flags(struct seq_buf *out, unsigned long flags)
{
	char text[256];
	char *rest, *word;
	const char *comma = "";

	snprintf(text, sizeof(text), "%pGp", &flags);
	rest = strchr(text, '(');
	seq_buf_printf(out, ",\"flags\":[");
	while (rest && (word = strsep(&rest, "(|)"))) {
		if (!*word || strchr(word, '=') || !strncmp(word, "0x", 2))
			continue;
		seq_buf_printf(out, "%s\"%s\"", comma, word);
		comma = ",";
	}
	seq_buf_printf(out, "]");
}

/* The id that mm/ uses (lru_gen of debugfs, for one), and the inode of the cgroup's folder. */
static void labkit_print_memcg(struct seq_buf *out, struct page *page)
{
#ifdef CONFIG_MEMCG
	struct mem_cgroup *memcg;

	/* As page_cgroup_ino() of mm/memcontrol.c: RCU keeps what the page's owner may drop. */
	rcu_read_lock();
	memcg = page_memcg_check(compound_head(page));
	if (memcg) {
		seq_buf_printf(out, ",\"memcg\":%u,\"cgroup\":%lu", mem_cgroup_id(memcg),
			       (unsigned long)cgroup_ino(memcg->css.cgroup));
		rcu_read_unlock();
		return;
	}
	rcu_read_unlock();
#endif
	seq_buf_printf(out, ",\"memcg\":null,\"cgroup\":null");
}

static const char *labkit_bool(bool value)
{
	return value ? "true" : "false";
}

int labkit_pageinfo(struct labkit_call *call)
{
	struct seq_buf *out = call->out;
	unsigned long pfn;
	struct page *page;

	page = labkit_parse_pfn(call->words[1], &pfn);
	if (!page)
		return labkit_refuse(call, -EINVAL, "PFN: there is no such page frame");
	seq_buf_printf(out, ",\"pfn\":%lu,\"node\":%d,\"zone\":\"%s\",\"migratetype\":\"%s\"", pfn,
		       page_to_nid(page), page_zone(page)->name, labkit_migratetype(pfn));
	labkit_print_flags(out, READ_ONCE(page->flags));
	seq_buf_printf(out, ",\"head\":%lu,\"refcount\":%d,\"mapcount\":%d",
		       page_to_pfn(compound_head(page)), page_count(page), labkit_mapcount(page));
	seq_buf_printf(out, ",\"buddy\":%s,\"slab\":%s", labkit_bool(PageBuddy(page)),
		       labkit_bool(PageSlab(compound_head(page))));
	labkit_print_memcg(out, page);
	return 0;
}

int labkit_is_slab(struct labkit_call *call)
{
	unsigned long pfn;
	struct page *page;

	page = labkit_parse_pfn(call->words[1], &pfn);
	if (!page)
		return labkit_refuse(call, -EINVAL, "PFN: there is no such page frame");
	seq_buf_printf(call->out, ",\"pfn\":%lu,\"slab\":%s", pfn,
		       labkit_bool(PageSlab(compound_head(page))));
	return 0;
}
