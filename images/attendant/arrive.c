// SPDX-License-Identifier: GPL-2.0
/* What a guest is given when it has come up: a clock, a random state of its own, and its files. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/random.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "attendant.h"

#define CARGO "/dev/disk/labkit/cargo"
#define MAGIC "labkit cargo 2\n"
#define LAB "/lab/"
#define LONGEST 4095 /* bytes of a path (PATH_MAX) */
#define CHUNK (256UL << 10)

/* A file, folder or link of the cargo; no `mtime` is now. A link's bytes say where it leads. */
struct item {
	mode_t mode;
	uint64_t mtime, size;
};

/* A clone goes on from its template's random state otherwise (drivers/char/random.c). */
static int stir(const unsigned char *entropy, size_t size)
{
	struct rand_pool_info *pool = calloc(1, sizeof(*pool) + size);
	int random = open("/dev/random", O_RDWR | O_CLOEXEC);
	int failed = 1;

	if (pool && random >= 0) {
		pool->entropy_count = 8 * size;
		pool->buf_size = size;
		memcpy(pool->buf, entropy, size);
		failed = ioctl(random, RNDADDENTROPY, pool) || ioctl(random, RNDRESEEDCRNG, 0);
	}
	if (random >= 0)
		close(random);
	free(pool);
	return failed;
}

void serve_arrive(struct payload *request)
{
	struct timespec now;
	size_t size;

	now.tv_sec = (time_t)take_number(request) << 32;
	now.tv_sec |= take_number(request);
	now.tv_nsec = take_number(request);
	if (clock_settime(CLOCK_REALTIME, &now)) {
		reply_error("clock_settime: %s", strerror(errno));
		return;
	}
	size = request->left;
	if (stir(take_bytes(request, size), size)) {
		reply_error("entropy: %s", strerror(errno));
		return;
	}
	reply(REPLY_END, NULL, 0);
}

static int lay_file(FILE *from, const char *path, const struct item *item)
{
	const struct timespec times[] = { { .tv_sec = item->mtime }, { .tv_sec = item->mtime } };
	static char data[CHUNK];
	uint64_t left = item->size;
	int file;

	unlink(path); /* what may run from there since the guest's opening keeps running as it is */
	file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (file < 0)
		return -1;
	while (left) {
		size_t part = left < CHUNK ? left : CHUNK;

		if (fread(data, 1, part, from) != part || write(file, data, part) != (ssize_t)part) {
			close(file);
			unlink(path);
			return -1;
		}
		left -= part;
	}
	fchmod(file, item->mode & 07777);
	if (item->mtime)
		futimens(file, times);
	return close(file);
}

static int lay_folder(const char *path, mode_t mode)
{
	if (mkdir(path, 0700) && errno != EEXIST)
		return -1;
	return chmod(path, mode & 07777);
}

static int lay_link(FILE *from, const char *path, uint64_t size)
{
	char target[LONGEST + 1];

	if (size > LONGEST || fread(target, 1, size, from) != size)
		return -1;
	target[size] = '\0';
	return symlink(target, path);
}

static int lay(FILE *from, const char *name, const struct item *item)
{
	char path[LONGEST + sizeof(LAB)];

	snprintf(path, sizeof(path), LAB "%s", name);
	if (S_ISDIR(item->mode))
		return lay_folder(path, item->mode);
	if (S_ISLNK(item->mode))
		return lay_link(from, path, item->size);
	return lay_file(from, path, item);
}

static uint64_t get64(const unsigned char *from)
{
	return (uint64_t)get32(from) << 32 | get32(from + 4);
}

static int unpack(FILE *from)
{
	char magic[sizeof(MAGIC)] = "", name[LONGEST + 1];
	unsigned char head[24];
	uint32_t left;

	if (fread(magic, 1, sizeof(MAGIC) - 1, from) != sizeof(MAGIC) - 1 || strcmp(magic, MAGIC))
		return 0; /* an empty disk: nothing was sent */
	if (fread(head, 1, 4, from) != 4)
		return -1;
	for (left = get32(head); left; left--) {
		struct item item;
		uint32_t length;

		if (fread(head, 1, sizeof(head), from) != sizeof(head))
			return -1;
		length = get32(head);
		item.mode = get32(head + 4);
		item.mtime = get64(head + 8);
		item.size = get64(head + 16);
		if (length > LONGEST || fread(name, 1, length, from) != length)
			return -1;
		name[length] = '\0';
		if (lay(from, name, &item))
			return -1;
	}
	return 0;
}

void serve_unpack(void)
{
	FILE *cargo = fopen(CARGO, "re");

	if (!cargo) {
		reply_error("%s: %s", CARGO, strerror(errno));
		return;
	}
	setvbuf(cargo, NULL, _IOFBF, CHUNK);
	/* The kernel looked for partitions when it found the disk, in a clone's case before it was filled. */
	if (ioctl(fileno(cargo), BLKFLSBUF, 0) || unpack(cargo)) {
		reply_error("laying files into /lab: %s", errno ? strerror(errno) : "a torn archive");
		fclose(cargo);
		return;
	}
	fclose(cargo);
	reply(REPLY_END, NULL, 0);
}
