#!/bin/sh
# Run as root in /lab. In the environment: CGROUP (the folder to make), GROUP_MIB, WORKERS, WORKER_MIB.
mkdir "$CGROUP"
# TODO: the hard limit of GROUP_MIB MiB, no swap, and what makes the kernel kill all or none
# TODO: ./journal in the background, inside the cgroup, where no OOM kill may take it
# TODO: WORKERS times ./worker "$WORKER_MIB" in the background, inside the cgroup (but not this script)
# TODO: wait for the workers only: the journal does not end by itself
