// SPDX-License-Identifier: GPL-2.0
/*
 * "fill HEAT": 60 MiB of anonymous memory, held by a process that stays, and 60 MiB of a disk that
 * are read HEAT times.
 * "reclaim": have the cgroup give up 40 MiB in four steps.
 */
#include <fcntl.h>

#include "lab.h"
#include "lab_stay.h"

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
 * The file first: its pages are then the older ones. The disk stays open: whoever closes it last
 * throws its pages away (block/bdev.c, blkdev_flush_mapping()).
 */
static void fill(const void *heat)
{
	int disk = open(DISK, O_RDONLY);

	if (disk < 0)
		die(DISK);
	for (long pass = 0; pass < *(const long *)heat; pass++)
		read_disk(disk);
	fill_pages(map_anonymous(BYTES), BYTES, 2);
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
	long heat = count == 3 ? parse_number(words[2]) : 0;

	if (heat && !strcmp(words[1], "fill"))
		stay_with(fill, &heat);
	else if (count == 2 && !strcmp(words[1], "reclaim"))
		reclaim();
	else
		die("mix fill HEAT|reclaim");
	return 0;
}
