#!/bin/sh
# Every reader in the guest is shown these; labkit's capture too.
group=/sys/fs/cgroup/$CGROUP
mkdir "$group"
echo $((LIMIT_MIB * 1024 * 1024)) >/tmp/max
echo "$PAGES" >/tmp/pages
mount --bind /tmp/max "$group/memory.max"
mount --bind /tmp/pages /proc/sys/vm/nr_hugepages
cat "$group/memory.max" /proc/sys/vm/nr_hugepages
