/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the attendant share: frames, requests, the kernel's log. */
#ifndef ATTENDANT_H
#define ATTENDANT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/*
 * A frame is two big-endian numbers of 32 bits, kind and size, and its payload. A request is one frame;
 * its answer is any number of frames and then REPLY_END or REPLY_ERROR. labkit/guest/attendant.py is the
 * other side and names the payloads.
 */
enum request_kind {
	ASK_ARRIVE = 1,
	ASK_UNPACK = 2,
	ASK_RUN = 3,
	ASK_READ = 4,
	ASK_MARK = 5,
	ASK_LIVE = 6,
	ASK_INPUT = 7, /* for the live command that runs; has no answer */
	ASK_SIZE = 8, /* of its terminal; has no answer */
	ASK_FETCH = 9,
};

enum reply_kind {
	REPLY_END = 1,
	REPLY_ERROR = 2, /* a sentence: the request could not be served */
	REPLY_OUT = 3,
	REPLY_ERR = 4,
	REPLY_FILE = 5,
	REPLY_ENTRY = 6,
};

/* What is left of a request's payload; `whole` is to be freed. */
struct payload {
	unsigned char *whole;
	const unsigned char *at;
	size_t left;
};

/* The next request; 0 when there will be none. */
int receive(uint32_t *kind, struct payload *request);

void reply(enum reply_kind kind, const void *data, size_t size);
void reply_two(enum reply_kind kind, const void *head, size_t head_size, const void *data,
	       size_t size);
__attribute__((format(printf, 1, 2))) void reply_error(const char *format, ...);

uint32_t get32(const unsigned char *from);
void put32(unsigned char *to, uint32_t number);
uint32_t take_number(struct payload *from);
const unsigned char *take_bytes(struct payload *from, size_t size);
/* A counted string; what is returned has a NUL behind it and is to be freed. */
char *take_string(struct payload *from, size_t *size);

void tell_kernel_log(const char *text);
ssize_t slurp(const char *path, char *into, size_t room);
int spill(const char *path, const char *text);

void serve_arrive(struct payload *request);
void serve_unpack(void);
void serve_run(struct payload *request);
void serve_read(struct payload *request);
void serve_live(struct payload *request);
void serve_fetch(struct payload *request);

#endif
