// SPDX-License-Identifier: GPL-2.0
/* Copies files out of the guest, whatever bytes they hold and whoever races with it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attendant.h"

#define CHUNK (64UL << 10) /* a record of /dev/kmsg comes whole or not at all */

enum file_state {
	WHOLE = 0,
	CUT = 1,
	UNREADABLE = 2, /* the data says why */
	LEFT_OUT = 3, /* over the limits */
};

struct limits {
	size_t file, room;
	uint32_t files;
};

static void tell(uint32_t pattern, enum file_state state, const char *name, const void *data,
		 size_t size)
{
	size_t name_size = strlen(name);
	unsigned char *head = malloc(12 + name_size);

	if (!head)
		exit(125);
	put32(head, pattern);
	put32(head + 4, state);
	put32(head + 8, name_size);
	memcpy(head + 12, name, name_size);
	reply_two(REPLY_FILE, head, 12 + name_size, data, size);
	free(head);
}

/* Read at most `want` bytes and one more; the errno of what went wrong, 0 for nothing. */
static int read_whole(int file, size_t want, char **data, size_t *size)
{
	size_t room = 0;

	*data = NULL;
	*size = 0;
	while (*size <= want) {
		ssize_t got;

		if (room < *size + CHUNK) {
			room = 2 * (*size + CHUNK);
			*data = realloc(*data, room);
			if (!*data)
				exit(125);
		}
		got = read(file, *data + *size, CHUNK);
		if (got < 0 && (errno == EINTR || errno == EPIPE))
			continue; /* EPIPE: records of /dev/kmsg were overwritten meanwhile */
		if (got < 0)
			return errno == EAGAIN ? 0 : errno;
		if (got == 0)
			return 0;
		*size += got;
	}
	return 0;
}

static void copy_out(uint32_t pattern, const char *name, struct limits *limits)
{
	size_t want = limits->file < limits->room ? limits->file : limits->room;
	/* a FIFO or a device with nothing to say must not hold us */
	int file = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char *data = NULL;
	size_t size = 0;
	int error = file < 0 ? errno : read_whole(file, want, &data, &size);

	if (error) {
		tell(pattern, UNREADABLE, name, strerror(error), strlen(strerror(error)));
	} else {
		enum file_state state = size > want ? CUT : WHOLE;

		size = size > want ? want : size;
		limits->room -= size;
		tell(pattern, state, name, data, size);
	}
	if (file >= 0)
		close(file);
	free(data);
}

static int is_over(uint32_t pattern, struct limits *limits)
{
	if (limits->files && limits->room) {
		limits->files--;
		return 0;
	}
	tell(pattern, LEFT_OUT, "", "", 0);
	return 1;
}

static void copy_matches(uint32_t index, const char *pattern, struct limits *limits)
{
	glob_t found;
	size_t at;

	if (!strpbrk(pattern, "*?[")) {
		if (!is_over(index, limits))
			copy_out(index, pattern, limits);
		return;
	}
	if (glob(pattern, 0, NULL, &found))
		return;
	for (at = 0; at < found.gl_pathc && !is_over(index, limits); at++)
		copy_out(index, found.gl_pathv[at], limits);
	globfree(&found);
}

void serve_read(struct payload *request)
{
	struct limits limits;
	char *patterns, *at;
	uint32_t index = 0;
	size_t size;

	limits.file = take_number(request);
	limits.room = take_number(request);
	limits.files = take_number(request);
	patterns = take_string(request, &size);
	for (at = patterns; at < patterns + size; at += strlen(at) + 1)
		copy_matches(index++, at, &limits);
	free(patterns);
	reply(REPLY_END, NULL, 0);
}
