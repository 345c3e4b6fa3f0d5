#!/bin/sh
# What becomes of those who go beyond a limit? Five processes, each in a cgroup of its own name with 16 MiB and no
# other limit; the host reads afterwards what the kernel counted. The last one is left standing where it stands.
set -eu
root=/sys/fs/cgroup

# The same lists of pages on both kernels: 6.12 would have generations.
echo n >/sys/kernel/mm/lru_gen/enabled

swap=/dev/disk/labkit/swap
mkswap $swap >/dev/null
swapon $swap

group() {
	mkdir "$root/$1"
	echo 16M >"$root/$1/memory.$2"
	[ $# -lt 3 ] || echo 0 >"$root/$1/memory.swap.max"
}

group high-swap high
./member high-swap $root/high-swap 32 1

# 48 MiB of files, read once. The shell is the member; what it reads is its cgroup's.
group max-file max
sh -c 'echo 0 >"$0/cgroup.procs" && cat /usr/lib/x86_64-linux-gnu/*.so* | head -c 48M >/dev/null' $root/max-file

group max-swap max
./member max-swap $root/max-swap 32 1

group max-noswap max noswap
./member max-noswap $root/max-noswap 32 1 || [ $? -eq 137 ]

# To three seconds of standing (nearly) still: half of what is too much, or a second or two a quarter of a MiB.
group high-noswap high noswap
./member high-noswap $root/high-noswap 64 1 >/dev/null 2>&1 </dev/null &
./standstill $root/high-noswap
