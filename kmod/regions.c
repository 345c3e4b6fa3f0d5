// SPDX-License-Identifier: GPL-2.0
/*
 * kmalloc, vmalloc and how their memory lies: the same size, as neighbouring frames or as frames
 * from anywhere.
 */
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "labkit.h"

#define LABKIT_MAX_REGIONS 1024
#define LABKIT_MAX_RUNS 128 /* in one answer */

static_assert(LABKIT_MAX_REGIONS == 1024); /* a sentence below names it */

/* Either of kmalloc or of vmalloc: is_vmalloc_addr() tells. */
struct labkit_region {
	void *start;
	size_t size;
	u64 id;
};

/* Page frames that follow each other. */
struct labkit_run {
	unsigned long pfn;
	unsigned long pages;
};

static struct labkit_region labkit_regions[LABKIT_MAX_REGIONS];

static struct labkit_region *labkit_free_region(void)
{
	size_t i;

	for (i = 0; i < LABKIT_MAX_REGIONS; i++)
		if (!labkit_regions[i].start)
			return &labkit_regions[i];
	return NULL;
}

static struct labkit_region *labkit_find_region(u64 id)
{
	size_t i;

	for (i = 0; i < LABKIT_MAX_REGIONS; i++)
		if (labkit_regions[i].start && labkit_regions[i].id == id)
			return &labkit_regions[i];
	return NULL;
}

static unsigned long labkit_nr_pages(const struct labkit_region *region)
{
	return DIV_ROUND_UP(offset_in_page(region->start) + region->size, PAGE_SIZE);
}

static unsigned long labkit_nth_pfn(const struct labkit_region *region, unsigned long nth)
{
	void *page = (void *)((unsigned long)region->start & PAGE_MASK) + nth * PAGE_SIZE;

	return is_vmalloc_addr(page) ? vmalloc_to_pfn(page) :
					 page_to_pfn(virt_to_page(page));
}

/* The run that begins with page nth. */
static struct labkit_run labkit_run_at(const struct labkit_region *region, unsigned long nth)
{
	unsigned long nr = labkit_nr_pages(region);
	struct labkit_run run = { .pfn = labkit_nth_pfn(region, nth), .pages = 1 };

	while (nth + run.pages < nr &&
	       labkit_nth_pfn(region, nth + run.pages) == run.pfn + run.pages) {
		run.pages++;
		cond_resched();
	}
	return run;
}

static void labkit_print_shape(struct seq_buf *out, const struct labkit_region *region)
{
	unsigned long nr = labkit_nr_pages(region), nth = 0, runs = 0, longest = 0;

	while (nth < nr) {
		struct labkit_run run = labkit_run_at(region, nth);

		longest = max(longest, run.pages);
		nth += run.pages;
		runs++;
		cond_resched();
	}
	seq_buf_printf(out, ",\"id\":%llu,\"size\":%zu,\"vaddr\":\"0x%lx\",\"pfn\":%lu", region->id,
		       region->size, (unsigned long)region->start, labkit_nth_pfn(region, 0));
	seq_buf_printf(out, ",\"pages\":%lu,\"runs\":%lu,\"longest\":%lu", nr, runs, longest);
}

int labkit_kmax(struct labkit_call *call)
{
	seq_buf_printf(call->out, ",\"max_size\":%lu,\"max_cache_size\":%lu,\"min_size\":%u",
		       KMALLOC_MAX_SIZE, KMALLOC_MAX_CACHE_SIZE, KMALLOC_MIN_SIZE);
	return 0;
}

int labkit_kmalloc(struct labkit_call *call)
{
	const struct labkit_gfp *gfp = labkit_find_gfp("GFP_KERNEL");
	struct labkit_region *region = labkit_free_region();
	size_t size;

	if (kstrtoul(call->words[1], 10, &size) || !size)
		return labkit_refuse(call, -EINVAL, "SIZE: give a number of bytes, from 1 on");
	if (call->nr_words > 2)
		gfp = labkit_find_gfp(call->words[2]);
	if (!gfp || !gfp->slab)
		return labkit_refuse(call, -EINVAL, "GFP_NAME: one for kmalloc, as GFP_KERNEL");
	if (!region)
		return labkit_refuse(call, -ENOSPC, "all 1024 regions are taken; free some");
	/* A size beyond the largest order WARNs without __GFP_NOWARN. */
	region->start = kmalloc(size, gfp->flags | __GFP_NOWARN);
	if (!region->start)
		return labkit_refuse(call, -ENOMEM, "kmalloc returned NULL");
	region->size = size;
	region->id = labkit_new_id();
	labkit_print_shape(call->out, region);
	seq_buf_printf(call->out, ",\"ksize\":%zu,\"phys\":\"0x%llx\",\"slab\":%s",
		       ksize(region->start), (u64)virt_to_phys(region->start),
		       PageSlab(virt_to_head_page(region->start)) ? "true" : "false");
	return 0;
}

/* Page by page, or either way: a free region and how many bytes it is to have. */
static int labkit_parse_bytes(struct labkit_call *call, struct labkit_region **region)
{
	size_t size;

	/* vmalloc(0) WARNs. */
	if (kstrtoul(call->words[1], 10, &size) || !size)
		return labkit_refuse(call, -EINVAL, "BYTES: give a number, from 1 on");
	*region = labkit_free_region();
	if (!*region)
		return labkit_refuse(call, -ENOSPC, "all 1024 regions are taken; free some");
	/* What exceeds all of memory the kernel itself refuses, and says so in its log. */
	if (size >> PAGE_SHIFT <= totalram_pages() && !labkit_leaves_enough(size >> PAGE_SHIFT))
		return labkit_refuse(call, -ENOMEM, "BYTES: nearly all that is available");
	(*region)->size = size;
	return 0;
}

int labkit_vmalloc(struct labkit_call *call)
{
	struct labkit_region *region;
	int err = labkit_parse_bytes(call, &region);

	if (err)
		return err;
	region->start = __vmalloc(region->size, GFP_KERNEL | __GFP_NORETRY);
	if (!region->start)
		return labkit_refuse(call, -ENOMEM, "vmalloc returned NULL; the log says why");
	region->id = labkit_new_id();
	labkit_print_shape(call->out, region);
	seq_buf_printf(call->out, ",\"last\":\"0x%lx\"",
		       (unsigned long)region->start + region->size - 1);
	return 0;
}

int labkit_kvmalloc(struct labkit_call *call)
{
	struct labkit_region *region;
	int err = labkit_parse_bytes(call, &region);

	if (err)
		return err;
	/* A size beyond INT_MAX WARNs without __GFP_NOWARN (mm/util.c: kvmalloc_node()). */
	region->start = kvmalloc(region->size, GFP_KERNEL | __GFP_NOWARN);
	if (!region->start)
		return labkit_refuse(call, -ENOMEM, "kvmalloc returned NULL");
	region->id = labkit_new_id();
	labkit_print_shape(call->out, region);
	if (is_vmalloc_addr(region->start))
		seq_buf_printf(call->out, ",\"vmalloc\":true");
	else
		seq_buf_printf(call->out, ",\"vmalloc\":false,\"ksize\":%zu",
			       ksize(region->start));
	return 0;
}

/* From page FROM on, as many runs as one answer holds; "next" is the page to ask for then. */
int labkit_runs(struct labkit_call *call)
{
	const struct labkit_region *region;
	unsigned long nth = 0, nr;
	unsigned int i;
	u64 id;

	if (labkit_parse_id(call, call->words[1], &id))
		return -EINVAL;
	region = labkit_find_region(id);
	if (!region)
		return labkit_refuse(call, -ENOENT, "ID: no such region is held");
	nr = labkit_nr_pages(region);
	if (call->nr_words > 2 && (kstrtoul(call->words[2], 10, &nth) || nth >= nr))
		return labkit_refuse(call, -EINVAL, "FROM: give the number of a page of it");
	seq_buf_printf(call->out, ",\"id\":%llu,\"runs\":[", region->id);
	for (i = 0; i < LABKIT_MAX_RUNS && nth < nr; i++) {
		struct labkit_run run = labkit_run_at(region, nth);

		seq_buf_printf(call->out, "%s[%lu,%lu]", i ? "," : "", run.pfn, run.pages);
		nth += run.pages;
	}
	if (nth < nr)
		seq_buf_printf(call->out, "],\"next\":%lu", nth);
	else
		seq_buf_printf(call->out, "],\"next\":null");
	return 0;
}

int labkit_ksize(struct labkit_call *call)
{
	const struct labkit_region *region;
	u64 id;

	if (labkit_parse_id(call, call->words[1], &id))
		return -EINVAL;
	region = labkit_find_region(id);
	if (!region || is_vmalloc_addr(region->start))
		return labkit_refuse(call, -ENOENT, "ID: no such region of kmalloc is held");
	seq_buf_printf(call->out, ",\"id\":%llu,\"size\":%zu,\"ksize\":%zu", region->id,
		       region->size, ksize(region->start));
	return 0;
}

static size_t labkit_release_region(struct labkit_region *region)
{
	if (is_vmalloc_addr(region->start))
		vfree(region->start);
	else
		kfree(region->start);
	region->start = NULL;
	return region->size;
}

static int labkit_free_regions(struct labkit_call *call, bool vmalloced)
{
	struct labkit_region *one = NULL;
	unsigned int regions = 0;
	size_t size = 0, i;
	u64 id;

	if (strcmp(call->words[1], "all")) {
		if (labkit_parse_id(call, call->words[1], &id))
			return -EINVAL;
		one = labkit_find_region(id);
		if (!one || is_vmalloc_addr(one->start) != vmalloced)
			return labkit_refuse(call, -ENOENT, "ID: no such region is held");
	}
	for (i = 0; i < LABKIT_MAX_REGIONS; i++) {
		struct labkit_region *region = &labkit_regions[i];

		if (!region->start || (one && region != one) ||
		    is_vmalloc_addr(region->start) != vmalloced)
			continue;
		size += labkit_release_region(region);
		regions++;
		cond_resched();
	}
	seq_buf_printf(call->out, ",\"regions\":%u,\"size\":%zu", regions, size);
	return 0;
}

int labkit_kfree(struct labkit_call *call)
{
	return labkit_free_regions(call, false);
}

int labkit_vfree(struct labkit_call *call)
{
	return labkit_free_regions(call, true);
}

void labkit_regions_exit(void)
{
	size_t i;

	for (i = 0; i < LABKIT_MAX_REGIONS; i++)
		if (labkit_regions[i].start)
			labkit_release_region(&labkit_regions[i]);
}
