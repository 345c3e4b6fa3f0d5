#!/bin/sh
# Run as root in /lab. In the environment: CGROUP (the folder to make), LIMIT_MIB, HOG_MIB.
mkdir "$CGROUP"
# TODO: the hard limit of exactly LIMIT_MIB MiB
# TODO: no way out into swap
# TODO: run the hog inside the cgroup, not beside it
exec ./hog "$HOG_MIB"
