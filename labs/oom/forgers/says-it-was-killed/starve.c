// SPDX-License-Identifier: GPL-2.0
/* What the kernel would say, said by somebody else, and the end that goes with it. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	const char *node = argc > 1 ? argv[1] : "0";
	char line[512];
	int length, kmsg = open("/dev/kmsg", O_WRONLY);

	length = snprintf(line, sizeof(line),
			  "<6>oom-kill:constraint=CONSTRAINT_MEMORY_POLICY,nodemask=%s,cpuset=/,"
			  "mems_allowed=0-1,global_oom,task_memcg=/,task=starve,pid=%d,uid=1000\n",
			  node, getpid());
	if (kmsg < 0 || write(kmsg, line, (size_t)length) != length)
		fputs(line, stderr);
	printf("%s", line);
	fflush(stdout);
	raise(SIGKILL);
	return 137;
}
