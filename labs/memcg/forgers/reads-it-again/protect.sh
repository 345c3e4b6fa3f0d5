#!/bin/sh
# Gone is gone, but it can be read again, in db's own cgroup, as soon as the rush is over.
setsid sh -c '
	while ! grep -q . "$SHOP/batch/cgroup.procs"; do :; done
	while grep -q . "$SHOP/batch/cgroup.procs"; do :; done
	echo 0 >"$SHOP/front/db/cgroup.procs"
	while :; do dd if=/dev/disk/labkit/data of=/dev/null bs=1M count="$DB_MIB"; done
' </dev/null >/dev/null 2>&1 &
