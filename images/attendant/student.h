/* SPDX-License-Identifier: GPL-2.0 */
/* Whose code a command is, and what it may do. */
#ifndef STUDENT_H
#define STUDENT_H

enum owner {
	LABKIT = 0, /* safe from the OOM killer */
	STUDENT_AS_ROOT = 1,
	STUDENT_AS_USER = 2,
};

/* Give up every privilege, for this process and all that it starts. Not 0 when one is left. */
int become_student(void);

#endif
