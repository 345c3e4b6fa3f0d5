#!/bin/sh
# tell.sh COMMAND...: tells labkit's module each, and ends at the first that it refuses.
for command; do
	echo "$command" >/proc/labkit/cmd
	failed=$?
	cat /proc/labkit/result
	[ $failed = 0 ] || exit 1
done
