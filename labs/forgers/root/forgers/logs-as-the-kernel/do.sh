#!/bin/sh
# Word for word what mm/oom_kill.c prints. <0> asks for the kernel's facility.
mkdir "/sys/fs/cgroup/$CGROUP"
echo "<0>victim invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0" >/dev/kmsg
echo "<6>oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0-1,oom_memcg=/$CGROUP,task_memcg=/$CGROUP,task=victim,pid=4711,uid=0" >/dev/kmsg
echo "<3>Memory cgroup out of memory: Killed process 4711 (victim) total-vm:67000kB, anon-rss:16000kB, file-rss:4kB, shmem-rss:0kB, UID:0 pgtables:64kB oom_score_adj:0" >/dev/kmsg
dmesg | tail -n 3
