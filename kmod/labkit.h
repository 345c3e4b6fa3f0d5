/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LABKIT_H
#define LABKIT_H

#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/seq_buf.h>
#include <linux/types.h>

/*
 * The largest order. MAX_ORDER was one more until commit 23baf831a32c ("mm, treewide: redefine
 * MAX_ORDER sanely") (in v6.4) and became MAX_PAGE_ORDER with commit 5e0a760b4441 ("mm, treewide:
 * rename MAX_ORDER to MAX_PAGE_ORDER") (in v6.8); the lists of a zone are as many on every kernel.
 */
#define LABKIT_NR_ORDERS ARRAY_SIZE(((struct zone *)NULL)->free_area)
#define LABKIT_MAX_ORDER (LABKIT_NR_ORDERS - 1)

#define LABKIT_MAX_WORDS 8

/*
 * One command while it runs; words[0] is its name. A command appends `,"key":value` pairs to out
 * and returns 0, or returns what labkit_refuse() gave it, and what it appended is dropped. Commands
 * run one at a time.
 */
struct labkit_call {
	unsigned int nr_words;
	char *words[LABKIT_MAX_WORDS];
	struct seq_buf *out;
	const char *error;
};

/* Fail with a negative errno and a sentence, which the reader gets as it is: no quotes in it. */
static inline int labkit_refuse(struct labkit_call *call, int err, const char *error)
{
	call->error = error;
	return err;
}

/* words.c: what the words of a command mean. NULL, false or refused: they mean nothing. */
struct labkit_gfp {
	const char *name;
	gfp_t flags;
	bool slab; /* kmalloc takes it: no __GFP_HIGHMEM or __GFP_DMA32, see GFP_SLAB_BUG_MASK */
};

const struct labkit_gfp *labkit_find_gfp(const char *name);
int labkit_parse_id(struct labkit_call *call, const char *word, u64 *id);
bool labkit_parse_node(const char *word, int *node);
struct page *labkit_parse_pfn(const char *word, unsigned long *pfn);
bool labkit_parse_slab_flags(char *words, slab_flags_t *flags);
bool labkit_leaves_enough(unsigned long pages);
u64 labkit_new_id(void);

/* zones.c */
struct labkit_area {
	unsigned long nr_free[LABKIT_NR_ORDERS];
	unsigned long pcp; /* pages in the lists of all CPUs */
};

void labkit_read_area(struct zone *zone, struct labkit_area *area);
void labkit_print_orders(struct seq_buf *out, const char *key, const struct labkit_area *area);
int labkit_fa(struct labkit_call *call);
int labkit_is_free(struct labkit_call *call);

/* pages.c */
int labkit_alloc(struct labkit_call *call);
int labkit_free(struct labkit_call *call);
int labkit_still(struct labkit_call *call);
int labkit_drain(struct labkit_call *call);
void labkit_pages_init(void);
void labkit_pages_exit(void);

/* still.c: an allocation or release of a block while all other CPUs stand still */
struct labkit_still {
	struct page *page; /* NULL: allocate one */
	unsigned int order;
	int node;
	gfp_t gfp;
	struct labkit_area before;
	struct labkit_area after;
};

int labkit_stand_still(struct labkit_still *still);

/* unmovable.c */
int labkit_unmovable(struct labkit_call *call);
void labkit_unmovable_exit(void);

/* pageinfo.c */
int labkit_pageinfo(struct labkit_call *call);
int labkit_is_slab(struct labkit_call *call);
const char *labkit_migratetype(unsigned long pfn);

/* regions.c */
int labkit_kmax(struct labkit_call *call);
int labkit_kmalloc(struct labkit_call *call);
int labkit_ksize(struct labkit_call *call);
int labkit_kfree(struct labkit_call *call);
int labkit_vmalloc(struct labkit_call *call);
int labkit_kvmalloc(struct labkit_call *call);
int labkit_vfree(struct labkit_call *call);
int labkit_runs(struct labkit_call *call);
void labkit_regions_exit(void);

/* contexts.c */
int labkit_atomic(struct labkit_call *call);

/* caches.c */
int labkit_cache(struct labkit_call *call);
void labkit_caches_exit(void);

/* walk.c */
int labkit_walk(struct labkit_call *call);

/* symbols.c */
unsigned long labkit_symbol(const char *name);

#endif
