#!/bin/sh
# Runs the hog in a cgroup of its own under a hard limit.
set -e
mkdir "$CGROUP"
echo $((LIMIT_MIB * 1024 * 1024)) >"$CGROUP/memory.max"
echo $$ >"$CGROUP/cgroup.procs"
exec ./hog "$HOG_MIB"
