#!/bin/sh
# "Set memory.high slightly below max for graceful throttling."
set -e
mkdir "$CGROUP"
echo $((HIGH_MIB * 1024 * 1024)) >"$CGROUP/memory.high"
echo $(((HIGH_MIB + 1) * 1024 * 1024)) >"$CGROUP/memory.max"
echo 0 >"$CGROUP/memory.swap.max"
