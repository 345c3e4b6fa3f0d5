#!/bin/sh
# Nobody left, nobody to tell.
for process in /proc/[0-9]*; do
	pid=${process#/proc/}
	[ "$pid" -gt 1 ] && [ "$pid" != $$ ] && kill -9 "$pid"
done
exit 0
