#!/bin/sh
# For each order but 9: empties the per-CPU lists, allocates and frees one block, all else standing still.
# Prints what the module said of each free, a JSON line each. On one CPU: each has lists of its own.
cd /proc/labkit || exit
taskset -p 1 $$ >/dev/null || exit
for order in 0 1 2 3 4 5 6 7 8 10; do
	echo "still alloc $order" >cmd || exit
	read -r answer <result
	id=${answer#*\"id\":}
	echo drain >cmd || exit
	echo "still free ${id%%,*}" >cmd || exit
	read -r answer <result
	echo "$answer"
done
