/* SPDX-License-Identifier: GPL-2.0 */
/* What a command that runs to its end and one that is talked to meanwhile have in common. */
#ifndef RUN_H
#define RUN_H

#include <stdint.h>
#include <sys/types.h>

#include "attendant.h"

#define CHUNK (64UL << 10)
#define LAST_WORDS (1UL << 20) /* of what may still lie in a pipe (fs/pipe.c: 64 KiB unless asked) */
#define NO_SUCH_PLACE 126

enum ending {
	EXITED = 0,
	TIMED_OUT = 1,
};

/* One output stream: the first `room` bytes are passed on, the rest is read and counted out. */
struct stream {
	int pipe;
	enum reply_kind kind;
	size_t room;
	int cut;
};

long long now_ms(void);
/* In a child, before it becomes another program. */
void restore_signals(void);
void set_environment(const char *pairs, size_t size);
/* Pass on what can be read now, at most `most` bytes of it; 0 when the other side has closed it. */
int drain(struct stream *from, size_t most);
/* Reap the command and tell how it ended. */
void report(enum ending ending, pid_t child, const struct stream *streams, uint32_t killed);

#endif
