// SPDX-License-Identifier: GPL-2.0
/* mix PATTERN SPARSE: huge pages where PATTERN has an H, small ones where an s; then reversed. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "labkit_tags.h" /* tag_nonce(), tag_pages(nonce, first index, address, bytes) */

#define PAGE 4096UL
#define HUGE (2UL << 20)
/* Page i of area a bears the tag 512 a + i; the one page of sparse area a the tag SPARSE + a. */
#define SPARSE 0x10000

int main(int argc, char **argv)
{
	size_t areas;
	char *region;

	if (argc != 3) {
		fprintf(stderr, "usage: mix PATTERN SPARSE\n");
		return 2;
	}
	areas = strlen(argv[1]);
	/* TODO: an area is 2 MiB. Where must it begin, so that a huge page fits? */
	region = mmap(NULL, areas * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		      -1, 0);
	if (region == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	/* TODO: say which areas shall be huge and which small; argv[1] is the pattern */
	tag_pages(tag_nonce(), 0, region, areas * HUGE);
	/* TODO: the sparse areas, one page of each, and not a page more */
	raise(SIGSTOP); /* first stop: labkit looks at your page tables */
	/* TODO: split what is huge, collapse what is small */
	raise(SIGSTOP); /* second stop */
	return 0;
}
