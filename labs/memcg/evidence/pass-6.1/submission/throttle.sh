#!/bin/sh
# Who goes beyond memory.high is made to wait, unless there is somewhere else for his pages to go.
set -e
mkdir "$CGROUP"
echo $((HIGH_MIB * 1024 * 1024)) >"$CGROUP/memory.high"
echo 0 >"$CGROUP/memory.swap.max"
