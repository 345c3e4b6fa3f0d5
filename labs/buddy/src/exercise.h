/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Asks the three functions of buddy.c labkit's questions, one a line on stdin, and prints an answer
 * a line. A block is written PFN:ORDER.
 *
 *	buddy PFN:ORDER			PFN:ORDER
 *	split PFN:ORDER ORDER		PFN:ORDER ... as they are cut off
 *	merge PFN:ORDER PFN:ORDER ...	PFN:ORDER; the first is freed, the others are free
 *
 * What is judged are the answers, which are compared outside of the guest.
 */
#ifndef EXERCISE_H
#define EXERCISE_H

#include <stdbool.h>

#include "lab.h"

#define MAX_ORDER 10 /* the largest a block may have, as MAX_PAGE_ORDER of Linux 6.12 */
#define MAX_FREE 64

struct block {
	unsigned long pfn;
	unsigned int order;
};

/* Yours, in buddy.c. */
static struct block buddy(struct block of);
static unsigned int split(struct block found, unsigned int order, struct block *rest);
static struct block merge(struct block freed);

static struct block free_blocks[MAX_FREE];
static unsigned int nr_free_blocks;

/* For merge(): whether just this block, of just this order, is on a free list. */
static inline bool is_free(struct block block)
{
	unsigned int i;

	for (i = 0; i < nr_free_blocks; i++)
		if (free_blocks[i].pfn == block.pfn && free_blocks[i].order == block.order)
			return true;
	return false;
}

static inline bool next_block(char **line, struct block *block)
{
	char *word = strtok_r(NULL, " \n", line);

	return word && sscanf(word, "%lu:%u", &block->pfn, &block->order) == 2;
}

static inline void answer(char *line)
{
	char *rest, *kind = strtok_r(line, " \n", &rest);
	struct block asked, blocks[MAX_ORDER + 1] = {};
	unsigned int nr = 1, i;

	if (!kind || !next_block(&rest, &asked))
		die("a question that is none");
	if (!strcmp(kind, "buddy")) {
		blocks[0] = buddy(asked);
	} else if (!strcmp(kind, "split")) {
		nr = split(asked, parse_number(strtok_r(NULL, " \n", &rest)), blocks);
	} else {
		for (nr_free_blocks = 0; nr_free_blocks < MAX_FREE; nr_free_blocks++)
			if (!next_block(&rest, &free_blocks[nr_free_blocks]))
				break;
		blocks[0] = merge(asked);
	}
	for (i = 0; i < nr && i <= MAX_ORDER; i++)
		printf("%s%lu:%u", i ? " " : "", blocks[i].pfn, blocks[i].order);
	printf("\n");
}

int main(void)
{
	char line[4096];

	while (fgets(line, sizeof(line), stdin))
		answer(line);
	return 0;
}

#endif
