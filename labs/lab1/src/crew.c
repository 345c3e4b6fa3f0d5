// SPDX-License-Identifier: GPL-2.0
/*
 * Who asks the kernel for how many pages? Processes that take memory, each in its own way, one
 * after the other; then all of them sleep and keep what they have:
 *
 *	crew NAME:KIND:NUMBER...
 *
 * write    NUMBER MiB of small pages, each written to
 * huge     NUMBER MiB of huge pages, if the kernel gives them
 * places   NUMBER bytes written, each 2 MiB from the one before
 * tmpfs    a file of NUMBER MiB in a tmpfs
 * rounds   NUMBER times 1 MiB is taken, written to and given back
 * reserve  NUMBER MiB of addresses
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>

#include "lab.h"

#define HUGE_STEP (2 * LAB_MIB)

static char *map_small(size_t bytes)
{
	char *region = map_anonymous(bytes);

	if (madvise(region, bytes, MADV_NOHUGEPAGE))
		die("madvise");
	return region;
}

static void take_huge(size_t mib)
{
	char *region = map_anonymous((mib + 2) * LAB_MIB);

	region = (char *)(((uintptr_t)region + HUGE_STEP - 1) & ~(HUGE_STEP - 1));
	if (madvise(region, mib * LAB_MIB, MADV_HUGEPAGE))
		die("madvise");
	fill_pages(region, mib * LAB_MIB, mib);
}

static void take_places(size_t count)
{
	size_t bytes = count * HUGE_STEP, index;
	char *region = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (region == MAP_FAILED || madvise(region, bytes, MADV_NOHUGEPAGE))
		die("mmap of %zu places", count);
	for (index = 0; index < count; index++)
		*(volatile char *)(region + index * HUGE_STEP) = (char)(1 + index % 100);
}

static void take_file(size_t mib, const char *name)
{
	static char block[LAB_PAGE];
	char path[64];
	size_t index;
	int file;

	snprintf(path, sizeof(path), "/tmp/%s", name);
	file = open(path, O_CREAT | O_WRONLY, 0600);
	if (file < 0)
		die("%s", path);
	for (index = 0; index < mib * LAB_MIB / LAB_PAGE; index++) {
		fill_page((uint64_t *)block, index, mib);
		if (write(file, block, sizeof(block)) != sizeof(block))
			die("%s", path);
	}
	close(file);
}

static void take_rounds(size_t count)
{
	char *region;

	while (count--) {
		region = map_small(LAB_MIB);
		fill_pages(region, LAB_MIB, count);
		munmap(region, LAB_MIB);
	}
}

static void take(const char *kind, size_t number, const char *name)
{
	if (!strcmp(kind, "write"))
		fill_pages(map_small(number * LAB_MIB), number * LAB_MIB, number);
	else if (!strcmp(kind, "huge"))
		take_huge(number);
	else if (!strcmp(kind, "places"))
		take_places(number);
	else if (!strcmp(kind, "tmpfs"))
		take_file(number, name);
	else if (!strcmp(kind, "rounds"))
		take_rounds(number);
	else if (!strcmp(kind, "reserve"))
		map_small(number * LAB_MIB);
	else
		die("no kind '%s'", kind);
}

/* In a process of its own, which the trace knows by its name from its first page on. */
static void start(char *member)
{
	const char *name = strsep(&member, ":"), *kind = strsep(&member, ":");
	int ready[2];
	char done;

	if (!kind || !member || pipe(ready))
		die("NAME:KIND:NUMBER");
	if (fork() == 0) {
		prctl(PR_SET_NAME, name);
		take(kind, (size_t)parse_number(member), name);
		if (write(ready[1], "x", 1) != 1)
			die("pipe");
		close(ready[0]);
		close(ready[1]);
		setsid();
		fclose(stdout);
		fclose(stderr);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (read(ready[0], &done, 1) != 1)
		die("'%s' failed", name);
	close(ready[0]);
}

int main(int argc, char **argv)
{
	int index;

	for (index = 1; index < argc; index++)
		start(argv[index]);
	return 0;
}
