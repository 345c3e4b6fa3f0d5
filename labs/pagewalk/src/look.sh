#!/bin/sh
# Brings labkit's subject to its next stop, then asks the module for the way to each of its pages.
#
#	look.sh first|next
set -eu

if [ "$1" = first ]; then
	# A guest of less than 512 MiB has THP switched off, whatever it was booted with.
	echo madvise >/sys/kernel/mm/transparent_hugepage/enabled
	# shellcheck disable=SC2086 # a word a tree
	./subject list $TREES "$GIB" "$MIB2" "$BACK" "$BLOCKS" "$GIBS" </dev/null >/dev/null 2>subject.said &
	echo $! >subject.pid
else
	kill -s CONT "$(cat subject.pid)"
fi
pid=$(cat subject.pid)
for _ in $(seq 500); do
	if grep -q '^State:.*T' "/proc/$pid/status" 2>/dev/null; then
		exec ./walks "$pid" list entries
	fi
	sleep 0.02
done
cat subject.said >&2
exit 1
