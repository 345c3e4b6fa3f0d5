// SPDX-License-Identifier: GPL-2.0
/*
 * What a student's command may do where students are unprivileged: nothing but run. It has a user,
 * a cgroup and a network of its own, no capability and no way to any.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/if.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attendant.h"
#include "student.h"

/* Both as labkit/guest/tiers.py makes them. */
#define STUDENT_ID 1000
#define STUDENT_CGROUP "/sys/fs/cgroup/student/cgroup.procs"

static int limit(int what, rlim_t most)
{
	const struct rlimit both = { .rlim_cur = most, .rlim_max = most };

	return setrlimit(what, &both);
}

/* The guest's one link leads to labkit's own connection: nothing for a student to write to. */
static int leave_network(void)
{
	struct ifreq loopback = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int failed, any;

	if (unshare(CLONE_NEWNET))
		return -1;
	any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	failed = any < 0 || ioctl(any, SIOCSIFFLAGS, &loopback);
	if (any >= 0)
		close(any);
	return failed;
}

/* The bounding set first: it takes a capability to drop one (capabilities(7)). */
static int drop_capabilities(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { 0 };
	int each;

	for (each = 0; prctl(PR_CAPBSET_READ, each, 0, 0, 0) >= 0; each++)
		if (prctl(PR_CAPBSET_DROP, each, 0, 0, 0))
			return -1;
	if (setgroups(0, NULL) || setresgid(STUDENT_ID, STUDENT_ID, STUDENT_ID) ||
	    setresuid(STUDENT_ID, STUDENT_ID, STUDENT_ID))
		return -1;
	if (syscall(SYS_capset, &head, none))
		return -1;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

int become_student(void)
{
	if (spill(STUDENT_CGROUP, "0") || leave_network())
		return -1;
	if (limit(RLIMIT_NPROC, 512) || limit(RLIMIT_NOFILE, 1024) || limit(RLIMIT_CORE, 0) ||
	    limit(RLIMIT_FSIZE, 256UL << 20))
		return -1;
	umask(0022);
	putenv("HOME=/home/student");
	putenv("USER=student");
	putenv("LOGNAME=student");
	return drop_capabilities();
}
