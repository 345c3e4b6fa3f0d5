#!/bin/sh
# Small pages first, huge ones later: `late.sh born` starts four processes while the mode is never, `late.sh advised`
# sets it to always, has two of them ask for huge pages, and waits until khugepaged has seen everybody twice.
set -e
thp=/sys/kernel/mm/transparent_hugepage

case $1 in
born)
	./mode.sh never
	full=$(yes 512 | head -n "$LATE")
	for role in sleeper adviser collapser; do
		# shellcheck disable=SC2086 # one word an area
		./late $role $full </dev/null >/dev/null 2>&1 &
	done
	# shellcheck disable=SC2086 # the same
	./late patchy $FILLS </dev/null >/dev/null 2>&1 &
	for role in sleeper adviser collapser patchy; do
		./station $role
	done
	;;
advised)
	echo "$MOST_NONE" >$thp/khugepaged/max_ptes_none
	echo always >$thp/enabled
	./station -c adviser
	./station -c patchy
	seen=$(cat $thp/khugepaged/full_scans)
	echo 0 >$thp/khugepaged/scan_sleep_millisecs
	until [ "$(cat $thp/khugepaged/full_scans)" -ge $((seen + 3)) ]; do
		sleep 0.02
	done
	# Or it would go on looking, and somebody's pages might be between two states when the host looks.
	echo 600000 >$thp/khugepaged/scan_sleep_millisecs
	sleep 0.1
	;;
esac
