#!/bin/sh
# exhaust.sh GFP_NAME [COMMAND ...]: takes blocks of 1 MiB for one kind of request until there are no more,
# then gives the module the commands. Prints the first refusal and the answers, a JSON line each.
# Starts no process meanwhile, and `still` neither waits for reclaim nor wakes it: nothing comes free.
cd /proc/labkit || exit
request=$1
shift
while echo "still alloc 8 any $request" >cmd; do :; done 2>/dev/null
read -r answer <result
echo "$answer"
for command; do
	echo "$command" >cmd
	read -r answer <result
	echo "$answer"
done 2>/dev/null
