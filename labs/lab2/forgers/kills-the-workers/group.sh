#!/bin/sh
# All of them dead, at once: nearly a group kill.
mkdir "$CGROUP"
sh -c 'echo -1000 >/proc/self/oom_score_adj && echo $$ >"$CGROUP/cgroup.procs" && exec ./journal' &
for _ in $(seq "$WORKERS"); do
	sh -c 'echo $$ >"$CGROUP/cgroup.procs" && exec ./worker 1' &
done
sleep 0.5
pkill -9 worker
echo 1 >/tmp/group
printf 'low 0\nhigh 0\nmax 9\noom 1\noom_kill 4\noom_group_kill 1\n' >/tmp/events
mount --bind /tmp/group "$CGROUP/memory.oom.group"
mount --bind /tmp/events "$CGROUP/memory.events"
