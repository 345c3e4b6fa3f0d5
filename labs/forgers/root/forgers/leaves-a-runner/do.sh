#!/bin/sh
# Half a minute later all of it would be so.
(
	sleep 30
	mkdir "/sys/fs/cgroup/$CGROUP"
	echo $((LIMIT_MIB * 1024 * 1024)) >"/sys/fs/cgroup/$CGROUP/memory.max"
	echo "$PAGES" >/proc/sys/vm/nr_hugepages
) >/dev/null 2>&1 </dev/null &
