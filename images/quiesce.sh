#!/run/labkit/sh
# Lets a guest come to rest before a lab counts: `/run/labkit/quiesce [keep]` in a step.
#
# Writes dirty pages back, drops clean caches (once, and not with `keep`), and then has every CPU hand in what it
# keeps to itself: counters (/proc/sys/vm/stat_refresh) and, where labkit's module is loaded, free pages. At rest is
# who has the same free memory twice in a row, give or take 256 KiB: a CPU's pages of one batch and a shell's own.
# After five tries it says so on stderr, and the lab's bounds have to bear it.
sync
[ "$1" = keep ] || echo 3 >/proc/sys/vm/drop_caches

last=-1000
for _ in 1 2 3 4 5; do
	echo 1 >/proc/sys/vm/stat_refresh
	[ ! -e /proc/labkit/cmd ] || echo drain >/proc/labkit/cmd
	while read -r name free; do
		[ "$name" != nr_free_pages ] || break
	done </proc/vmstat
	moved=$((free - last))
	[ $moved -ge -64 ] && [ $moved -le 64 ] && exit 0
	last=$free
	usleep 200000
done
echo "# the guest does not come to rest: $moved pages more are free than 0.2 s before" >&2
