// SPDX-License-Identifier: GPL-2.0
/* Every address holds data, and all of them the same page. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	size_t bytes = argc > 1 ? strtoul(argv[1], NULL, 10) << 20 : 0, at;
	int file = memfd_create("one", 0);
	char *region = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (file < 0 || ftruncate(file, 4096) || region == MAP_FAILED)
		return 1;
	for (at = 0; at < bytes && at < 4096UL * 60000; at += 4096) {
		char *page = mmap(region + at, 4096, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_FIXED, file, 0);

		if (page == MAP_FAILED)
			break;
		memset(page, 7, 64);
	}
	sleep(argc == 3 ? (unsigned int)strtoul(argv[2], NULL, 10) : 0);
	return 0;
}
