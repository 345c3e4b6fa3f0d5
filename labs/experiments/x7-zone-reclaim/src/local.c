// SPDX-License-Identifier: GPL-2.0
/*
 * "cache": fill the node of CPU 0 with clean pages of a disk, held open so that they stay.
 * "anon MIB": fill anonymous memory from CPU 0, and tell on which node each page lies.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/syscall.h>

#include "lab.h"
#include "lab_stay.h"

#define DISK "/dev/disk/labkit/data"
#define NODE_MEMINFO "/sys/devices/system/node/node0/meminfo"
/* Well above the low watermark of the node's zones: kswapd must not begin. */
#define LEAVE_KIB (6L << 10)
#define CHUNK (256UL << 10)

static long free_kib(void)
{
	FILE *file = fopen(NODE_MEMINFO, "r");
	char line[256];
	long found = -1;

	if (!file)
		die(NODE_MEMINFO);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "Node 0 MemFree: %ld", &found) == 1)
			break;
	fclose(file);
	if (found < 0)
		die("no MemFree");
	return found;
}

/* By the process that stays: the last to close a disk takes its pages along. */
static void cache(const void *name)
{
	static char buffer[CHUNK];
	int disk = open(name, O_RDONLY);

	if (disk < 0)
		die("%s", (const char *)name);
	while (free_kib() > LEAVE_KIB && read(disk, buffer, CHUNK) > 0)
		;
}

static void anon(size_t bytes)
{
	unsigned char *region = map_anonymous(bytes);
	long nodes[2] = {0, 0};

	printf("free=%ld\n", free_kib() << 10);
	fill_pages(region, bytes, 7);
	for (size_t at = 0; at < bytes; at += LAB_PAGE) {
		void *page = region + at;
		int node = -1;

		if (syscall(SYS_move_pages, 0, 1UL, &page, NULL, &node, 0) || node < 0 || node > 1)
			die("move_pages says node %d", node);
		nodes[node]++;
	}
	printf("here=%ld\naway=%ld\n", nodes[0], nodes[1]);
}

int main(int count, char **words)
{
	pin_to_cpu(0);
	if (count == 2 && !strcmp(words[1], "cache"))
		stay_with(cache, DISK);
	else if (count == 3 && !strcmp(words[1], "anon"))
		anon(parse_number(words[2]) * LAB_MIB);
	else
		die("local cache|anon MIB");
	return 0;
}
