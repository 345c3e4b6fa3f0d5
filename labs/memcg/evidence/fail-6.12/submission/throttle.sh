#!/bin/sh
# Run as root in /lab. In the environment: CGROUP (the folder to make), HIGH_MIB.
mkdir "$CGROUP"
# TODO: from HIGH_MIB MiB on, whoever takes memory in this cgroup is slowed down to next to nothing, and not killed
