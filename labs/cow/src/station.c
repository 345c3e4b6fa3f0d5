// SPDX-License-Identifier: GPL-2.0
/* Has a program come to where it wants to be looked at? See lab_station.h. */
#include "lab_station.h"

int main(int argc, char **argv)
{
	return station(argc, argv);
}
