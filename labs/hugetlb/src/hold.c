// SPDX-License-Identifier: GPL-2.0
/* What does a program hold when it has come to rest? See lab_hold.h. */
#define _GNU_SOURCE
#include "lab_hold.h"

int main(int argc, char **argv)
{
	return hold(argc, argv);
}
