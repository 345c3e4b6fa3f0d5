#!/bin/sh
# Who dies where nobody else can? One hog after another, each alone in its kind of shortage; what the kernel says
# of each goes by the hog's name, KIND-MODE. Leaves the stage for event.sh: cgroups, and no process in them.
set -eu
root=/sys/fs/cgroup
vm=/proc/sys/vm

# Only into the log from here on: a report of a hundred lines takes an emulated serial port longer than the kernel
# takes to fill the memory. A panic would be said there all the same.
echo N >/sys/module/printk/parameters/ignore_loglevel
dmesg -n 1

mkdir $root/far $root/small $root/stage
echo 1 >$root/far/cpuset.mems
echo 16M >$root/small/memory.max
echo "+memory +cpuset" >$root/stage/cgroup.subtree_control
mkdir $root/stage/near $root/stage/plain $root/stage/mates
echo 0 >$root/stage/near/cpuset.mems
echo 32M >$root/stage/mates/memory.max

# The hog's end is no failure of this script's.
hog() {
	./hog "$@" || [ $? -eq 137 ]
}

hog global-0 0 1
hog mempolicy-0 0 1 - 1
hog cpuset-0 0 1 $root/far
hog memcg-0 0 1 $root/small

echo 1 >$vm/panic_on_oom
hog mempolicy-1 0 1 - 1
hog memcg-1 0 1 $root/small

# An OOM that somebody asks for is none of panic_on_oom's business, whatever it says (mm/oom_kill.c: is_sysrq_oom).
echo 2 >$vm/panic_on_oom
./cast sysrq:4:$root/stage/plain:-
echo f >/proc/sysrq-trigger
waited=0
while grep -q 'populated 1' $root/stage/cgroup.events && [ $waited -lt 100 ]; do
	sleep 0.05
	waited=$((waited + 1))
done
echo 0 >$vm/panic_on_oom

# Strict accounting; the ratio is so high that the hog gets all the address space it asks for.
echo 200 >$vm/overcommit_ratio
echo 2 >$vm/overcommit_memory
hog strict-2 0 1 $root/small
echo 0 >$vm/overcommit_memory
echo 50 >$vm/overcommit_ratio
