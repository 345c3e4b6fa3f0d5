// SPDX-License-Identifier: GPL-2.0
/* snapshot PAGES FIRST EVERY SCRATCH: saves a table while it changes it. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "labkit_tags.h" /* tag_nonce(), tag_pages(nonce, first index, address, bytes) */

#define PAGE 4096UL
/* Page i of the table bears the tag i, once changed CHANGED + i; scratch page i SCRATCH + i. */
#define CHANGED 0x10000
#define SCRATCH 0x20000
#define STATUS 0x30000

int main(int argc, char **argv)
{
	size_t pages;
	char *table;

	if (argc != 5) {
		fprintf(stderr, "usage: snapshot PAGES FIRST EVERY SCRATCH\n");
		return 2;
	}
	pages = strtoul(argv[1], NULL, 10);
	table = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		     -1, 0);
	if (table == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	tag_pages(tag_nonce(), 0, table, pages * PAGE);
	/* TODO: the scratch pages and the status page; what of them shall the saver have? */
	/* TODO: the saver, which reads the table, writes into the status page and waits */
	/* TODO: change pages FIRST, FIRST + EVERY, FIRST + 2 EVERY, … */
	raise(SIGSTOP); /* first stop: labkit looks at both of you */
	/* TODO: change all the others, in such a way that the kernel copies none of them */
	raise(SIGSTOP); /* second stop */
	return 0;
}
