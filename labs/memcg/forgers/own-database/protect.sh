#!/bin/sh
# A sleeper that calls itself db and has been in the cgroup all the time, and the memory is there.
cp ./member /tmp/db
setsid sh -c '
	while ! grep -q . "$SHOP/batch/cgroup.procs"; do :; done
	while grep -q . "$SHOP/batch/cgroup.procs"; do :; done
	/tmp/db db "$SHOP/front/db" "$DB_MIB" 0
' </dev/null >/dev/null 2>&1 &
