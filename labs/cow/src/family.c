// SPDX-License-Identifier: GPL-2.0
/*
 * Whose page is it after fork()? Fills a region, forks, and plays a list of moves on it:
 *
 *	family PAGES WHO:DOES[:FROM:STEP] ...
 *
 * WHO is p (the parent, on CPU 0) or c (the child, on CPU 1). It DOES r: reads every page; w:
 * writes pages FROM, FROM + STEP, FROM + 2 STEP and so on; x: ends. Before the fork, after it and
 * after every move the parent stops itself (SIGSTOP), so that somebody can look at both, and goes
 * on when continued. The pages bear tags, page i the index i; a move writes beside them.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "lab.h"
#include "labkit_tags.h"

#define BESIDE 64 /* the word of a page that a move reads and writes */
#define MAX_MOVES 8

struct move {
	char who, does;
	unsigned int from, step;
};

static struct move parse_move(const char *text)
{
	struct move move = { .step = 1 };
	int fields, used = 0, all = 0;

	errno = 0;
	fields = sscanf(text, "%c:%c%n:%u:%u%n", &move.who, &move.does, &used, &move.from,
			&move.step, &all);
	if ((fields != 2 && fields != 4) || text[fields == 2 ? used : all] || !move.step)
		die("'%s' is not WHO:DOES[:FROM:STEP]", text);
	return move;
}

static void play(const struct move *move, volatile uint64_t *region, unsigned int pages)
{
	const size_t words = LAB_PAGE / sizeof(*region);
	unsigned int at;

	if (move->does == 'x')
		_exit(0);
	for (at = move->from; at < pages; at += move->step) {
		volatile uint64_t *word = region + at * words + BESIDE;

		if (move->does == 'w')
			*word = at + 1;
		else
			(void)*word;
	}
}

static __attribute__((noreturn)) void live_as_child(int orders, int answers, uint64_t *region,
						    unsigned int pages)
{
	struct move move;

	if (prctl(PR_SET_NAME, "child") || prctl(PR_SET_PDEATHSIG, SIGKILL))
		die("prctl");
	pin_to_cpu(1);
	while (read(orders, &move, sizeof(move)) == sizeof(move)) {
		play(&move, region, pages);
		if (write(answers, "", 1) != 1)
			break;
	}
	_exit(1);
}

static void have_played(const struct move *move, int orders, int answers, pid_t child)
{
	char byte;

	if (write(orders, move, sizeof(*move)) != sizeof(*move))
		die("pipe");
	if (move->does == 'x')
		waitpid(child, NULL, 0);
	else if (read(answers, &byte, 1) != 1)
		die("the child has ended");
}

int main(int argc, char **argv)
{
	/* No page at all: both walk once through what they need, and fault there, not in a move. */
	const struct move rehearsal = { .does = 'w', .from = ~0U, .step = 1 };
	struct move moves[MAX_MOVES] = { 0 };
	int orders[2], answers[2], at;
	unsigned int pages;
	uint64_t *region;
	pid_t child;

	if (argc < 3 || argc > 2 + MAX_MOVES)
		die("usage: family PAGES WHO:DOES[:FROM:STEP] ...");
	pages = (unsigned int)parse_number(argv[1]);
	for (at = 2; at < argc; at++)
		moves[at - 2] = parse_move(argv[at]);
	if (pipe(orders) || pipe(answers) || prctl(PR_SET_NAME, "parent"))
		die("pipe");
	pin_to_cpu(0);
	region = map_anonymous(pages * LAB_PAGE);
	tag_pages(tag_nonce(), 0, region, pages * LAB_PAGE);
	raise(SIGSTOP);

	child = fork();
	if (child < 0)
		die("fork");
	if (child == 0) {
		close(orders[1]);
		close(answers[0]);
		live_as_child(orders[0], answers[1], region, pages);
	}
	close(orders[0]);
	close(answers[1]);
	have_played(&rehearsal, orders[1], answers[0], child);
	play(&rehearsal, region, pages);
	raise(SIGSTOP);

	for (at = 0; at < argc - 2; at++) {
		if (moves[at].who == 'c')
			have_played(&moves[at], orders[1], answers[0], child);
		else
			play(&moves[at], region, pages);
		raise(SIGSTOP);
	}
	return 0;
}
