// SPDX-License-Identifier: GPL-2.0
/* Copies files and folders out of the guest, in pieces: what is fetched need not fit into memory. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attendant.h"

#define CHUNK (64UL << 10)

enum entry_kind {
	FOLDER = 0,
	PLAIN = 1, /* a file; its bytes follow */
	MORE = 2, /* bytes of the file that was named last */
	LINK = 3, /* the data says where to */
	LEFT_OUT = 4, /* the data says why; what came of a file of this name is not whole */
};

struct allowance {
	uint64_t bytes;
	uint32_t entries;
	int spent;
};

static void tell(enum entry_kind kind, mode_t mode, const char *name, const void *data, size_t size)
{
	size_t name_size = strlen(name);
	unsigned char *head = malloc(12 + name_size);

	if (!head)
		exit(125);
	put32(head, kind);
	put32(head + 4, mode & 0777);
	put32(head + 8, name_size);
	memcpy(head + 12, name, name_size);
	reply_two(REPLY_ENTRY, head, 12 + name_size, data, size);
	free(head);
}

static void leave_out(const char *name, const char *why)
{
	tell(LEFT_OUT, 0, name, why, strlen(why));
}

static void stop(const char *name, struct allowance *allowance)
{
	allowance->spent = 1;
	leave_out(name, "too much for one fetch, as is what would follow");
}

static void copy_file(const char *path, const char *name, mode_t mode, struct allowance *allowance)
{
	static char data[CHUNK];
	/* a file of /proc with nothing to say must not hold us */
	int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ssize_t got = 0;

	if (file < 0) {
		leave_out(name, strerror(errno));
		return;
	}
	tell(PLAIN, mode, name, NULL, 0);
	while (!allowance->spent && (got = read(file, data, sizeof(data))) > 0) {
		if ((uint64_t)got > allowance->bytes) {
			stop(name, allowance);
			break;
		}
		allowance->bytes -= got;
		tell(MORE, 0, "", data, got);
	}
	if (got < 0 && errno != EAGAIN)
		leave_out(name, strerror(errno));
	close(file);
}

static void copy_link(const char *path, const char *name, mode_t mode)
{
	char target[4096];
	ssize_t size = readlink(path, target, sizeof(target));

	if (size < 0)
		leave_out(name, strerror(errno));
	else
		tell(LINK, mode, name, target, size);
}

static int is_child(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
}

static void copy_entry(const char *path, const char *name, const struct stat *status,
		       struct allowance *allowance);

static void copy_below(const char *path, const char *name, struct allowance *allowance)
{
	struct dirent **children;
	int count = scandir(path, &children, is_child, alphasort), at;

	if (count < 0) {
		leave_out(name, strerror(errno));
		return;
	}
	for (at = 0; at < count; at++) {
		char *child_path, *child_name;
		struct stat status;

		if (asprintf(&child_path, "%s/%s", path, children[at]->d_name) < 0 ||
		    asprintf(&child_name, "%s/%s", name, children[at]->d_name) < 0)
			exit(125);
		copy_entry(child_path, child_name, lstat(child_path, &status) ? NULL : &status,
			   allowance);
		free(child_path);
		free(child_name);
		free(children[at]);
	}
	free(children);
}

/* No `status`: there is none to be had, and errno says why. */
static void copy_entry(const char *path, const char *name, const struct stat *status,
		       struct allowance *allowance)
{
	if (allowance->spent)
		return;
	if (!status) {
		leave_out(name, strerror(errno));
		return;
	}
	if (!allowance->entries) {
		stop(name, allowance);
		return;
	}
	allowance->entries--;
	if (S_ISDIR(status->st_mode)) {
		tell(FOLDER, status->st_mode, name, NULL, 0);
		copy_below(path, name, allowance);
	} else if (S_ISREG(status->st_mode)) {
		copy_file(path, name, status->st_mode, allowance);
	} else if (S_ISLNK(status->st_mode)) {
		copy_link(path, name, status->st_mode);
	} else {
		leave_out(name, "neither a file, a folder nor a link");
	}
}

/* What was asked for is followed where it is a link, and goes under the last part of its path. */
static void copy_named(const char *path, struct allowance *allowance)
{
	const char *slash = strrchr(path, '/');
	struct stat status;

	copy_entry(path, slash ? slash + 1 : path, stat(path, &status) ? NULL : &status, allowance);
}

static void copy_matches(const char *pattern, struct allowance *allowance)
{
	glob_t found;
	size_t at;

	if (!strpbrk(pattern, "*?[")) {
		copy_named(pattern, allowance);
		return;
	}
	if (glob(pattern, GLOB_NOESCAPE, NULL, &found)) {
		leave_out(pattern, "nothing of that name");
		return;
	}
	for (at = 0; at < found.gl_pathc; at++)
		copy_named(found.gl_pathv[at], allowance);
	globfree(&found);
}

void serve_fetch(struct payload *request)
{
	struct allowance allowance = { 0 };
	char *patterns, *at;
	size_t size;

	allowance.bytes = (uint64_t)take_number(request) << 20;
	allowance.entries = take_number(request);
	patterns = take_string(request, &size);
	for (at = patterns; at < patterns + size; at += strlen(at) + 1)
		copy_matches(at, &allowance);
	free(patterns);
	reply(REPLY_END, NULL, 0);
}
