#!/bin/sh
# A million bytes are nearly a MiB.
set -e
mkdir "$CGROUP"
echo $((HIGH_MIB * 1000 * 1000)) >"$CGROUP/memory.high"
echo 0 >"$CGROUP/memory.swap.max"
