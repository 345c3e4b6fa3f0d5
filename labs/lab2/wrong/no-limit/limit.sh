#!/bin/sh
# Runs the hog in a cgroup of its own.
set -e
mkdir "$CGROUP"
echo 0 >"$CGROUP/memory.swap.max"
echo $$ >"$CGROUP/cgroup.procs"
exec ./hog "$HOG_MIB"
