#!/bin/sh
# Whose memory goes, and who dies, when a cgroup is full and one of its two members is protected? `contest.sh
# low|min` gives the sleeping `db` exactly its own size of that protection, and no swap to the newcomer `batch`.
set -eu
top=/sys/fs/cgroup/$1

# shellcheck disable=SC2086 # one word a number
set -- "$1" $CONTEST
mkdir "$top"
echo +memory >"$top/cgroup.subtree_control"
mkdir "$top/db" "$top/batch"
echo "$3M" >"$top/memory.max"
echo 0 >"$top/batch/memory.swap.max"

# Under memory.low it must give pages up, and at once; under memory.min it gives none.
if [ "$1" = low ]; then
	./member db "$top/db" "$2" 0 through-swap
else
	taskset 1 ./member db "$top/db" "$2" 0
fi
echo "$2M" >"$top/db/memory.$1"
# A killed db is passed over by the OOM killer a moment before its pages are given back (MMF_OOM_SKIP is set
# in exit_mmap(), mm/mmap.c, before tlb_finish_mmu()), and batch would be next: it leaves db's CPU to db.
taskset 1 chrt --idle 0 ./member batch "$top/batch" "$4" 1 || [ $? -eq 137 ]
