#!/bin/sh
# Sets a mode of transparent huge pages, as a step asks for it: mode.sh always|madvise|never
#
# defrag: at a fault the kernel compacts memory rather than to fall back, so that a guest's past decides nothing.
# khugepaged finds one process to look through, and then sleeps: nothing is collapsed behind a program's back.
set -e
thp=/sys/kernel/mm/transparent_hugepage
echo 0 >/proc/sys/vm/compaction_proactiveness
echo 0 >$thp/khugepaged/defrag
echo 600000 >$thp/khugepaged/scan_sleep_millisecs
echo always >$thp/defrag
echo "$1" >$thp/enabled
