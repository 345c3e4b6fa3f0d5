#!/bin/sh
# With code in the kernel all of it could be written there.
echo none >/sys/kernel/security/lockdown
echo 0 >/sys/module/module/parameters/sig_enforce
echo 0 >/proc/sys/kernel/modules_disabled
insmod /lab/taker
modprobe vfio-pci
head -c 16 /dev/mem
printf x | dd of=/dev/mem bs=1 seek=1048576 conv=notrunc
printf x | dd of=/proc/kcore bs=1 conv=notrunc
printf x | dd of=/dev/port bs=1 seek=100 conv=notrunc
kexec -l /proc/self/exe
true
