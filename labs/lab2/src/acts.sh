#!/bin/sh
# Which processes come on stage? Prints herd's arguments for the act named on the command line.
#
# first   all seven of this seed, as the handout gives them
# second  the four that died, with the same memory again: oom_score_adj 0 but for the student's plan.toml
#
# A plan that no oom_score_adj could follow is left out here; the checks say what is wrong with it.
set -efu

# NAME=ADJ of a plan that is written plainly, as the starter's is: [adj], then name = number. Where it meets any
# other TOML it gives up: plan.py reads that, and Python takes half a second to start in an emulated guest.
plain='
{ sub(/[ \t]*#.*/, ""); sub(/^[ \t]+/, ""); sub(/[ \t]+$/, "") }
/^$/ { next }
/^\[adj\]$/ && !table { table = 1; next }
table && /^[A-Za-z0-9_-]+[ \t]*=[ \t]*[-+]?[0-9]+$/ {
	split($0, pair, /[ \t]*=[ \t]*/)
	if (pair[2] >= -1000 && pair[2] <= 1000)
		printf "%s=%d\n", pair[1], pair[2]
	next
}
{ exit 1 }
'

act=$1
plan=
if [ "$act" = second ]; then
	plan=$(awk "$plain" plan.toml) || plan=$(python3 plan.py plan.toml)
fi

read -r one two three four ballast elder junior <<END
$NAMES
END
# shellcheck disable=SC2086 # one word a candidate
set -- $CAST

[ "$act" = second ] || echo "$elder:5:-400:0"
uid=0
for name in "$one" "$two" "$three" "$four"; do
	adj=${1#*:}
	if [ "$act" = second ]; then
		adj=0
		for pair in $plan; do
			[ "${pair%%=*}" != "$name" ] || adj=${pair#*=}
		done
	fi
	echo "$name:${1%:*}:$adj:$uid"
	uid=$((65534 - uid)) # every other one is nobody's
	shift
done
[ "$act" = second ] || printf '%s\n' "$ballast:43:-1000:0" "$junior:5:-400:65534"
