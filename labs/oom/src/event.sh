#!/bin/sh
# All five of this seed come on stage, and memory runs out: `event.sh global|mempolicy|cpuset|memcg`. The hog would
# rather have anybody else die (-999). Afterwards the stage is empty again.
set -eu
root=/sys/fs/cgroup
stage=$root/stage

read -r exile bound caged mate other _ <<END
$NAMES
END
# shellcheck disable=SC2086 # one word a process
set -- "$1" $SIZES
./cast "$exile:$2:$stage/near:0" "$bound:$3:$stage/plain:0" "$caged:$4:$stage/near:-" \
	"$mate:$5:$stage/mates:-" "$other:$6:$stage/mates:-"

case $1 in
global) ./hog hog -999 1 ;;
mempolicy) ./hog hog -999 9 - 1 ;; # to its own end
cpuset) ./hog hog -999 1 $root/far ;;
memcg) ./hog hog -999 1 $stage/mates ;;
esac || [ $? -eq 137 ]

echo 1 >$stage/cgroup.kill
waited=0
while grep -q 'populated 1' $stage/cgroup.events && [ $waited -lt 100 ]; do
	sleep 0.05
	waited=$((waited + 1))
done
