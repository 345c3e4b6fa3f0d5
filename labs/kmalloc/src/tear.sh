#!/bin/sh
# Tears the free memory to pieces: every second page is the kernel's own, which compaction cannot move, and
# whole blocks that are left over are taken, down to 64 KiB. Some blocks of 32 KiB are given back: the kernel
# needs such itself, and would clear its caches for every single one (PAGE_ALLOC_COSTLY_ORDER is 3).
echo 0 >/proc/sys/vm/compaction_proactiveness && echo 0 >/proc/sys/vm/watermark_boost_factor || exit
/run/labkit/quiesce || exit
cd /proc/labkit || exit

spare=
left=640
while [ "$left" -gt 0 ]; do
	echo "alloc 3" >cmd || exit
	read -r answer <result
	id=${answer#*\"id\":}
	# One of two: a block does not merge while its buddy is held.
	[ $((left % 2)) = 0 ] || spare="$spare ${id%%,*}"
	left=$((left - 1))
done

while read -r name kib _; do [ "$name" != MemAvailable: ] || break; done </proc/meminfo
echo "unmovable $((kib / 4 - 2600)) 2" >cmd || exit # the module itself leaves 2048 pages
cat result
/run/labkit/quiesce keep
for order in 10 9 8 7 6 5 4; do
	while echo "alloc $order any GFP_NOWAIT" >cmd; do :; done
done 2>/dev/null
for id in $spare; do
	echo "free $id" >cmd || exit
done
exec cat /proc/buddyinfo
