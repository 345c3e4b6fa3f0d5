#!/bin/sh
# What a shell says of a process that was killed, anybody can say.
mkdir "$CGROUP"
echo $((LIMIT_MIB * 1024 * 1024)) >"$CGROUP/memory.max"
echo 0 >"$CGROUP/memory.swap.max"
echo "Memory cgroup out of memory: Killed process $$ (hog)"
exit 137
