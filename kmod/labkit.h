/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LABKIT_H
#define LABKIT_H

#include <linux/kernel.h>
#include <linux/mmzone.h>
#include <linux/seq_buf.h>

/*
 * The largest order. MAX_ORDER was one more until commit 23baf831a32c ("mm, treewide: redefine
 * MAX_ORDER sanely") (in v6.4) and became MAX_PAGE_ORDER with commit 5e0a760b4441 ("mm, treewide:
 * rename MAX_ORDER to MAX_PAGE_ORDER") (in v6.8); the lists of a zone are as many on every kernel.
 */
#define LABKIT_MAX_ORDER (ARRAY_SIZE(((struct zone *)NULL)->free_area) - 1)

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

int labkit_alloc(struct labkit_call *call);
int labkit_free(struct labkit_call *call);
int labkit_drain(struct labkit_call *call);
void labkit_pages_init(void);
void labkit_pages_exit(void);

int labkit_walk(struct labkit_call *call);

unsigned long labkit_symbol(const char *name);

#endif
