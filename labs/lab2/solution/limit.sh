#!/bin/sh
# Runs the hog in a cgroup of its own, under a hard limit that swap does not soften.
set -e
mkdir "$CGROUP"
echo $((LIMIT_MIB * 1024 * 1024)) >"$CGROUP/memory.max"
echo 0 >"$CGROUP/memory.swap.max"
echo $$ >"$CGROUP/cgroup.procs"
exec ./hog "$HOG_MIB"
