#!/bin/sh
# exhaust.sh GFP_NAME [COMMAND ...]: takes blocks of 1 MiB for one kind of request until there are no more,
# then gives the module the commands. Prints the first refusal and the answers, a JSON line each.
# Starts no process meanwhile, and `still` neither waits for reclaim nor wakes it: nothing comes free but what
# the kernel itself gives back in that moment. Where the kind gets a block after all, it begins anew.
cd /proc/labkit || exit
block="still alloc 8 any $1"
shift
for _ in 1 2 3 4 5; do # it took one round in all runs but one of 322
	while echo "$block" >cmd; do :; done
	read -r answers <result
	served=
	for command; do
		if echo "$command" >cmd && [ "$command" = "$block" ]; then served=yes; fi
		read -r answer <result
		answers="$answers
$answer"
	done
	[ "$served" ] || break
done 2>/dev/null
echo "$answers"
