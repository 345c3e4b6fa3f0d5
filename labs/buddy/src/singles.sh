#!/bin/sh
# Takes N single pages, empties the per-CPU lists, frees the pages one by one, all else standing still, and
# empties the lists again. Prints what the module said of each free, then all zones: a JSON line each. Where
# others took pages at the same moment it does so again: the last round is the one that counts.
cd /proc/labkit || exit
taskset -p 1 $$ >/dev/null || exit

# What buddyinfo counts, in pages. Nothing is started for it: that would take some.
count() {
	pages=0
	while read -r _ _ _ _ blocks; do
		size=1
		for number in $blocks; do
			pages=$((pages + number * size))
			size=$((size * 2))
		done
	done </proc/buddyinfo
}

round() {
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
	count
	before=$pages
	for id in $ids; do
		echo "still free $id" >cmd || exit
		read -r answer <result
		echo "$answer"
	done
	echo drain >cmd || exit
	echo fa >cmd || exit
	read -r answer <result
	echo "$answer"
	count
}

for _ in 1 2 3 4 5 6 7 8; do
	round "$1"
	[ $((pages - before)) -lt $(($1 * 3 / 4)) ] || break
done
