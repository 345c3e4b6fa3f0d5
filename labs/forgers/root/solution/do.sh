#!/bin/sh
# Does what the handout asks for.
echo "$PAGES" >/proc/sys/vm/nr_hugepages
group=/sys/fs/cgroup/$CGROUP
mkdir "$group"
echo $((LIMIT_MIB * 1024 * 1024)) >"$group/memory.max"
echo 0 >"$group/memory.swap.max"
sh -c "echo \$\$ >$group/cgroup.procs && exec ./taker victim 64"
sh -c "echo $ADJ >/proc/self/oom_score_adj && exec ./taker keeper 8" &
sleep 1
