#!/bin/sh
# The kernel repeats an option that it does not know, at facility 0.
mkdir -p /tmp/m "/sys/fs/cgroup/$CGROUP"
text=$(printf 'x\nvictim invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\noom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0-1,oom_memcg=/$CGROUP,task_memcg=/$CGROUP,task=victim,pid=4711,uid=0\nMemory cgroup out of memory: Killed process 4711 (victim) total-vm:67000kB, anon-rss:16000kB, file-rss:4kB, shmem-rss:0kB, UID:0 pgtables:64kB oom_score_adj:0')
mount -t tmpfs -o "$text" none /tmp/m
mount -t overlay -o "$text" none /tmp/m
mount -t ext4 -o "$text" /dev/vda /tmp/m
dmesg | tail -n 12
true
