// SPDX-License-Identifier: GPL-2.0
/*
 * "fill HEAT": 60 MiB of anonymous memory, held by a process that stays, and 60 MiB of a disk read HEAT times.
 * "reclaim": have the cgroup give up 40 MiB in four steps.
 */
#include <fcntl.h>

#include "lab.h"

#define RECLAIM "/sys/fs/cgroup/experiment/memory.reclaim"
#define DISK "/dev/disk/labkit/data"
#define BYTES (60 * LAB_MIB)
#define STEPS 4

static void read_disk(int file)
{
	static char buffer[64 << 10];
	size_t left = BYTES;

	if (lseek(file, 0, SEEK_SET))
		die("lseek");
	while (left) {
		ssize_t got = read(file, buffer, sizeof(buffer));

		if (got <= 0)
			die("read");
		left -= got;
	}
}

/*
 * The file first: its pages are then the older ones. The holder tells through a pipe that it is done, and keeps
 * the disk open: whoever closes it last throws its pages away (block/bdev.c, blkdev_flush_mapping()).
 */
static void fill(long heat)
{
	int disk = open(DISK, O_RDONLY);
	int done[2];
	char byte = 0;

	if (disk < 0)
		die(DISK);
	for (long pass = 0; pass < heat; pass++)
		read_disk(disk);
	if (pipe(done))
		die("pipe");
	switch (fork()) {
	case -1:
		die("fork");
	case 0:
		fill_pages(map_anonymous(BYTES), BYTES, 2);
		if (setsid() < 0 || write(done[1], &byte, 1) != 1)
			die("write");
		for (int stream = 0; stream < 3; stream++)
			close(stream);
		for (;;)
			pause();
	}
	close(done[1]);
	if (read(done[0], &byte, 1) != 1)
		die("the holder ended");
}

static void reclaim(void)
{
	int file = open(RECLAIM, O_WRONLY);

	if (file < 0)
		die(RECLAIM);
	/* EAGAIN: less came than was asked for; the counters tell how much (mm/memcontrol.c). */
	for (int step = 0; step < STEPS; step++)
		if (write(file, "10M", 3) < 0 && errno != EAGAIN)
			die("memory.reclaim");
	close(file);
}

int main(int count, char **words)
{
	if (count == 3 && !strcmp(words[1], "fill"))
		fill(parse_number(words[2]));
	else if (count == 2 && !strcmp(words[1], "reclaim"))
		reclaim();
	else
		die("mix fill HEAT|reclaim");
	return 0;
}
