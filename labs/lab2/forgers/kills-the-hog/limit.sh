#!/bin/sh
# Dead is dead, and the log says so, too.
group=${CGROUP##*/}
mkdir "$CGROUP"
echo $((LIMIT_MIB * 1024 * 1024)) >"$CGROUP/memory.max"
echo 0 >"$CGROUP/memory.swap.max"
sh -c 'echo $$ >"$CGROUP/cgroup.procs" && exec ./hog 8 60' &
pid=$!
sleep 0.5
cat >/dev/kmsg <<END
<4>hog invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0
END
cat >/dev/kmsg <<END
<6>oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0-1,oom_memcg=/$group,task_memcg=/$group,task=hog,pid=$pid,uid=0
END
cat >/dev/kmsg <<END
<3>Memory cgroup out of memory: Killed process $pid (hog) total-vm:205804kB, anon-rss:102112kB, file-rss:4kB, shmem-rss:636kB, UID:0 pgtables:240kB oom_score_adj:0
END
kill -9 $pid
exit 137
