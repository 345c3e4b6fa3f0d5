// SPDX-License-Identifier: GPL-2.0
/*
 * labkit's hands inside the guest. Started once for a connection (or once for a request over the serial
 * console), it serves requests that come on its standard input until that ends: a process that is there
 * already answers in a millisecond, where a new shell costs a tenth of a second under TCG. Static, so
 * that nothing of the guest's own libraries is needed, or trusted.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "attendant.h"

#define LARGEST_REQUEST (64U << 20)

uint32_t get32(const unsigned char *from)
{
	return (uint32_t)from[0] << 24 | from[1] << 16 | from[2] << 8 | from[3];
}

void put32(unsigned char *to, uint32_t number)
{
	to[0] = number >> 24;
	to[1] = number >> 16;
	to[2] = number >> 8;
	to[3] = number;
}

/* Whoever listened is gone when this fails: so are we. */
static void write_all(const void *data, size_t size)
{
	const char *from = data;

	while (size) {
		ssize_t done = write(STDOUT_FILENO, from, size);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			exit(1);
		from += done;
		size -= done;
	}
}

void reply_two(enum reply_kind kind, const void *head, size_t head_size, const void *data,
	       size_t size)
{
	unsigned char frame[8];

	put32(frame, kind);
	put32(frame + 4, head_size + size);
	write_all(frame, sizeof(frame));
	write_all(head, head_size);
	write_all(data, size);
}

void reply(enum reply_kind kind, const void *data, size_t size)
{
	reply_two(kind, NULL, 0, data, size);
}

void reply_error(const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	reply(REPLY_ERROR, text, strlen(text));
}

const unsigned char *take_bytes(struct payload *from, size_t size)
{
	const unsigned char *bytes = from->at;

	if (size > from->left)
		exit(125); /* not what our own other side writes */
	from->at += size;
	from->left -= size;
	return bytes;
}

uint32_t take_number(struct payload *from)
{
	return get32(take_bytes(from, 4));
}

char *take_string(struct payload *from, size_t *size)
{
	size_t length = take_number(from);
	const unsigned char *bytes = take_bytes(from, length);
	char *text = malloc(length + 1);

	if (!text)
		exit(125);
	memcpy(text, bytes, length);
	text[length] = '\0';
	if (size)
		*size = length;
	return text;
}

ssize_t slurp(const char *path, char *into, size_t room)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size;

	if (file < 0)
		return -1;
	size = read(file, into, room - 1);
	close(file);
	into[size > 0 ? size : 0] = '\0';
	return size;
}

int spill(const char *path, const char *text)
{
	int file = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t done;

	if (file < 0)
		return -1;
	done = write(file, text, strlen(text));
	close(file);
	return done < 0 ? -1 : 0;
}

/* One write is one record, whatever stands in it. */
void tell_kernel_log(const char *text)
{
	char line[900];

	snprintf(line, sizeof(line), "labkit: %s\n", text);
	spill("/dev/kmsg", line);
}

static void serve_mark(struct payload *request)
{
	char *text = take_string(request, NULL);

	tell_kernel_log(text);
	free(text);
	reply(REPLY_END, NULL, 0);
}

static void serve(enum request_kind kind, struct payload *request)
{
	switch (kind) {
	case ASK_ARRIVE:
		serve_arrive(request);
		break;
	case ASK_UNPACK:
		serve_unpack();
		break;
	case ASK_RUN:
		serve_run(request);
		break;
	case ASK_READ:
		serve_read(request);
		break;
	case ASK_MARK:
		serve_mark(request);
		break;
	case ASK_LIVE:
		serve_live(request);
		break;
	case ASK_FETCH:
		serve_fetch(request);
		break;
	case ASK_INPUT:
	case ASK_SIZE:
		break; /* they crossed the end of the command that they were meant for */
	default:
		reply_error("no request of kind %u", kind);
	}
}

static int read_all(void *into, size_t size)
{
	char *to = into;

	while (size) {
		ssize_t got = read(STDIN_FILENO, to, size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return 0;
		to += got;
		size -= got;
	}
	return 1;
}

int receive(uint32_t *kind, struct payload *request)
{
	unsigned char head[8];

	if (!read_all(head, sizeof(head)))
		return 0;
	*kind = get32(head);
	request->left = get32(head + 4);
	if (request->left > LARGEST_REQUEST)
		exit(125);
	request->whole = malloc(request->left + 1);
	if (!request->whole || !read_all(request->whole, request->left))
		exit(125);
	request->at = request->whole;
	return 1;
}

/*
 * Real-time for us and for dropbear's side of this connection, not for what we fork: among a thousand
 * runnable processes of a fork bomb neither would get to run before the host gives up.
 */
static void rise_above(void)
{
	struct sched_param priority = { .sched_priority = 1 };
	char path[40], parent[32];

	snprintf(path, sizeof(path), "/proc/%d/comm", getppid());
	if (slurp(path, parent, sizeof(parent)) <= 0 || strcmp(parent, "dropbear\n"))
		return; /* over the serial console, or in a test */
	sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &priority);
	sched_setscheduler(getppid(), SCHED_FIFO | SCHED_RESET_ON_FORK, &priority);
}

int main(void)
{
	static const int ignored[] = { SIGHUP, SIGINT, SIGPIPE, SIGTERM };
	struct payload request;
	uint32_t kind;
	size_t at;

	for (at = 0; at < sizeof(ignored) / sizeof(ignored[0]); at++)
		signal(ignored[at], SIG_IGN);
	prctl(PR_SET_NAME, "labkit");
	rise_above();
	while (receive(&kind, &request)) {
		serve(kind, &request);
		free(request.whole);
	}
	return 0;
}
