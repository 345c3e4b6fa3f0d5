#!/bin/sh
# The list of members says that it is one.
mkdir "$CGROUP"
echo $((GROUP_MIB * 1024 * 1024)) >"$CGROUP/memory.max"
echo 0 >"$CGROUP/memory.swap.max"
echo 1 >"$CGROUP/memory.oom.group"
sh -c 'echo -1000 >/proc/self/oom_score_adj && exec ./journal' &
echo $! >/tmp/procs
workers=
for _ in $(seq "$WORKERS"); do
	sh -c 'echo $$ >"$CGROUP/cgroup.procs" && exec ./worker "$WORKER_MIB"' &
	workers="$workers $!"
done
# shellcheck disable=SC2086 # one word a process
wait $workers
mount --bind /tmp/procs "$CGROUP/cgroup.procs"
