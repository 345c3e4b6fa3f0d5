/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Page tags, for a lab's programs: `#include "labkit_tags.h"`. Each page of a region begins with
 * who it is, so that the host finds it wherever the kernel put it (labkit/witness/tags.py). A
 * kernel of the student's own cannot make a page lie elsewhere than where its tag is found. The
 * seal is no secret: it tells a tag from chance, and one whose index was edited from one that a
 * program wrote.
 */
#ifndef LABKIT_TAGS_H
#define LABKIT_TAGS_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define TAG_MAGIC 0x4741544b4c4c4142ULL
#define TAG_PAGE 4096UL

struct labkit_tag {
	uint64_t magic;
	uint64_t nonce; /* of this run */
	uint64_t index; /* of the page, as its program counts */
	uint64_t seal;
};

/* The finaliser of splitmix64: every bit of nonce and index moves half of the bits. */
static inline uint64_t tag_seal(uint64_t nonce, uint64_t index)
{
	uint64_t x = nonce ^ ((index + 1) * 0x9e3779b97f4a7c15ULL);

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

/* The run's nonce, which labkit puts into the environment as TAG_NONCE; 0 when there is none. */
static inline uint64_t tag_nonce(void)
{
	const char *text = getenv("TAG_NONCE");

	return text ? strtoull(text, NULL, 16) : 0;
}

/* Tag every page of a region that begins at a page; the first gets the index `first`. */
static inline void tag_pages(uint64_t nonce, uint64_t first, void *start, size_t size)
{
	volatile struct labkit_tag *tag;
	size_t at;

	for (at = 0; at < size / TAG_PAGE; at++) {
		tag = (volatile struct labkit_tag *)((char *)start + at * TAG_PAGE);
		tag->nonce = nonce;
		tag->index = first + at;
		tag->seal = tag_seal(nonce, first + at);
		tag->magic = TAG_MAGIC;
	}
}

#endif
