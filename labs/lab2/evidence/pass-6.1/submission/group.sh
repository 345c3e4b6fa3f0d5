#!/bin/sh
# A service: workers that die together, and a journal that tells.
set -e
mkdir "$CGROUP"
echo $((GROUP_MIB * 1024 * 1024)) >"$CGROUP/memory.max"
echo 0 >"$CGROUP/memory.swap.max"
echo 1 >"$CGROUP/memory.oom.group"

# Each joins by itself, so that this script stays outside: a group kill takes whoever is in the cgroup.
sh -c 'echo -1000 >/proc/self/oom_score_adj && echo $$ >"$CGROUP/cgroup.procs" && exec ./journal' &

workers=
for _ in $(seq "$WORKERS"); do
	sh -c 'echo $$ >"$CGROUP/cgroup.procs" && exec ./worker "$WORKER_MIB"' &
	workers="$workers $!"
done
# shellcheck disable=SC2086 # one word a process
wait $workers || true
