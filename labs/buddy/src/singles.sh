#!/bin/sh
# Takes N single pages, empties the per-CPU lists, frees the pages one by one, all else standing still, and
# empties the lists again. Prints what the module said of each free, then all zones: a JSON line each.
cd /proc/labkit || exit
taskset -p 1 $$ >/dev/null || exit
ids=
left=$1
while [ "$left" -gt 0 ]; do
	echo "alloc 0" >cmd || exit
	read -r answer <result
	id=${answer#*\"id\":}
	ids="$ids ${id%%,*}"
	left=$((left - 1))
done
echo drain >cmd || exit
for id in $ids; do
	echo "still free $id" >cmd || exit
	read -r answer <result
	echo "$answer"
done
echo drain >cmd || exit
echo fa >cmd || exit
read -r answer <result
echo "$answer"
