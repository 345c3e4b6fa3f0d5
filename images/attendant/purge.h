/* SPDX-License-Identifier: GPL-2.0 */
/* What a command may not do: outgrow the guest, or outlive its time. */
#ifndef PURGE_H
#define PURGE_H

#include <stdint.h>
#include <sys/types.h>

struct fence {
	long threads; /* threads-max as it was; 0 when it could not be read */
	long most; /* what it is while the command runs */
	unsigned long long since; /* ticks since boot at which the command began */
};

void raise_fence(struct fence *fence, int student);
void lower_fence(const struct fence *fence);
void note_start(struct fence *fence, pid_t child);
/* Kill all that began since the command did, if it must be; returns how many were killed. */
uint32_t purge(const struct fence *fence, int overdue);

#endif
