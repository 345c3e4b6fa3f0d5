#!/bin/sh
# Names that the kernel prints in lines of its own when somebody runs out of memory.
group=/sys/fs/cgroup/other
mkdir "$group" "/sys/fs/cgroup/$CGROUP"
evil="$group/$CGROUP,task=victim,pid=1"
mkdir -p "$evil"
echo 8M >"$group/memory.max"
echo 0 >"$group/memory.swap.max"
sh -c "echo \$\$ >$group/cgroup.procs && exec ./taker 'x,oom_memcg=/' 32"
sh -c "echo \$\$ >$group/cgroup.procs && exec ./taker victim 32"
