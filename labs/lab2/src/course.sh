#!/bin/sh
# The course's exercise, word for word but for sudo and the final rmdir (labkit reads the cgroup afterwards).
mkdir /sys/fs/cgroup/test_oom
echo 104857600 | tee /sys/fs/cgroup/test_oom/memory.max
bash -c 'echo $$ > /sys/fs/cgroup/test_oom/cgroup.procs && \
         python3 -c "x = [0] * (200 * 1024 * 1024 // 8)"'
