// SPDX-License-Identifier: GPL-2.0
/*
 * What does the kernel promise under vm.overcommit_memory 0, 1 and 2? Asks for address space in
 * five ways under each, touches none of it, and says of each `MODE REQUEST works|fails`:
 *
 *	asker RATIO ASK_MIB HUGE_GIB PIECES PIECE_MIB
 *
 *	ask        ASK_MIB, writable
 *	pieces     PIECES times PIECE_MIB, writable, all of them at the same time
 *	huge       HUGE_GIB, writable
 *	noreserve  HUGE_GIB, writable, MAP_NORESERVE
 *	readonly   HUGE_GIB, PROT_READ
 *
 * All are private and anonymous. RATIO is vm.overcommit_ratio meanwhile.
 */
#include "lab.h"

#define MODE "/proc/sys/vm/overcommit_memory"
#define RATIO "/proc/sys/vm/overcommit_ratio"
#define MAX_PIECES 16
#define GIB (1024 * LAB_MIB)

/* Whether all of `count` mappings are there at once. A refusal other than ENOMEM is our mistake. */
static int get(int count, size_t bytes, int protection, int more)
{
	void *got[MAX_PIECES];
	int at, all;

	for (at = 0; at < count; at++) {
		got[at] = mmap(NULL, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | more, -1, 0);
		if (got[at] == MAP_FAILED)
			break;
	}
	if (at < count && errno != ENOMEM)
		die("mmap");
	all = at == count;
	while (at-- > 0)
		if (munmap(got[at], bytes))
			die("munmap");
	return all;
}

static void say(int mode, const char *request, int got)
{
	printf("%d %s %s\n", mode, request, got ? "works" : "fails");
}

int main(int argc, char **argv)
{
	const int both = PROT_READ | PROT_WRITE;
	size_t ask, huge, piece;
	int mode, pieces;
	char text[16];

	if (argc != 6)
		die("usage: asker RATIO ASK_MIB HUGE_GIB PIECES PIECE_MIB");
	ask = (size_t)parse_number(argv[2]) * LAB_MIB;
	huge = (size_t)parse_number(argv[3]) * GIB;
	pieces = (int)parse_number(argv[4]);
	piece = (size_t)parse_number(argv[5]) * LAB_MIB;
	if (pieces < 1 || pieces > MAX_PIECES)
		die("PIECES: 1 to %d", MAX_PIECES);
	write_text(RATIO, argv[1]);
	for (mode = 0; mode <= 2; mode++) {
		snprintf(text, sizeof(text), "%d", mode);
		write_text(MODE, text);
		say(mode, "ask", get(1, ask, both, 0));
		say(mode, "pieces", get(pieces, piece, both, 0));
		say(mode, "huge", get(1, huge, both, 0));
		say(mode, "noreserve", get(1, huge, both, MAP_NORESERVE));
		say(mode, "readonly", get(1, huge, PROT_READ, 0));
	}
	write_text(MODE, "0");
	write_text(RATIO, "50");
	return 0;
}
