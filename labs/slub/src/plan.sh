#!/bin/sh
# plan.sh CACHE FILE: frees objects of a cache as a student's plan says, a line each: `every K`, or a number.
# Nothing of a plan is run: a line is one of these two forms, or the plan is none.
most=8

refuse() {
	echo "# $1" >&2
	exit 1
}

is_number() {
	case "$1" in
	'' | 0* | *[!0-9]*) return 1 ;;
	esac
}

while read -r first second rest || [ -n "$first" ]; do
	case "$first" in
	'' | '#'*) continue ;;
	esac
	most=$((most - 1))
	[ $most -ge 0 ] || refuse "a plan has 8 lines at most"
	if [ "$first" = every ] && is_number "$second" && [ -z "$rest" ]; then
		./tell.sh "cache free $1 every $second" || exit 1
	elif is_number "$first" && [ -z "$second" ]; then
		./tell.sh "cache free $1 $first" || exit 1
	else
		refuse "write 'every K' or a number, found '$first $second'"
	fi
done <"$2"
