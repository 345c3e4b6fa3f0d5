#!/bin/sh
# Somebody else's answer.
echo 3 >/proc/sys/vm/nr_hugepages
group=/sys/fs/cgroup/sycamore
mkdir "$group"
echo 12M >"$group/memory.max"
echo 0 >"$group/memory.swap.max"
sh -c "echo \$\$ >$group/cgroup.procs && exec ./taker victim 64"
sh -c "echo -50 >/proc/self/oom_score_adj && exec ./taker keeper 8" &
sleep 1
