#!/bin/sh
# A whole world of files that say the right thing.
mount -t tmpfs forged /sys/fs/cgroup
group=/sys/fs/cgroup/$CGROUP
mkdir "$group"
echo $((LIMIT_MIB * 1024 * 1024)) >"$group/memory.max"
printf 'low 0\nhigh 0\nmax 9\noom 1\noom_kill 1\noom_group_kill 0\n' >"$group/memory.events"
mkdir -p /tmp/proc/sys/vm /tmp/proc/4711
echo "$PAGES" >/tmp/proc/sys/vm/nr_hugepages
echo "$ADJ" >/tmp/proc/4711/oom_score_adj
echo keeper >/tmp/proc/4711/comm
mount --bind /tmp/proc /proc
