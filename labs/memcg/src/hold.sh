#!/bin/sh
# Lets the hog run in the cgroup that it names, until it stands still or has ended: `hold.sh GROUP MIB`.
[ -e "$1/memory.high" ] || {
	echo "# there is no cgroup $1" >&2
	exit 0
}
./member hog "$1" "$2" 1 >/dev/null 2>&1 </dev/null &
exec ./standstill "$1"
