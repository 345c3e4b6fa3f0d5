#!/bin/sh
# For each order but 9: empties the per-CPU lists, allocates and frees one block, all else standing still.
# Prints what the module said of each free, a JSON line each. On one CPU: each has lists of its own.
#
# A single page is freed before each: of two frees of a higher order in a row 6.12 gives the second to the buddy at
# once, list and all, where that CPU has freed a batch of pages lately (mm/page_alloc.c, free_unref_page_commit():
# PCPF_PREV_FREE_HIGH_ORDER). Seen once in some hundred runs, on a busy host.
cd /proc/labkit || exit
taskset -p 1 $$ >/dev/null || exit
for order in 0 1 2 3 4 5 6 7 8 10; do
	echo "still alloc $order" >cmd || exit
	read -r answer <result
	id=${answer#*\"id\":}
	echo drain >cmd || exit
	echo "alloc 0" >cmd || exit
	read -r answer <result
	single=${answer#*\"id\":}
	echo "free ${single%%,*}" >cmd || exit
	echo "still free ${id%%,*}" >cmd || exit
	read -r answer <result
	echo "$answer"
done
