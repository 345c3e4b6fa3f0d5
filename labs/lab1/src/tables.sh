#!/bin/sh
# Sets up the tables of the scene `trace`, and reads them when its processes have come to rest.
#
# student  what trace.txt asks for, in an instance of tracefs of its own
# labkit   every allocated block by process and order
# buffer   the same events one by one in a buffer of 64 KiB a CPU, as perf record or `cat trace` would have them
#
# Nothing of trace.txt is ever run: its first line names a folder below events/, its second goes to a file.
set -u
tracefs=/sys/kernel/tracing
instances=$tracefs/instances

refuse()
{
	echo "$1" >/lab/trace.error
	exit 0
}

arm_student()
{
	: >/lab/trace.error
	{ read -r event && read -r trigger; } </lab/trace.txt || [ -n "${trigger:-}" ] ||
		refuse "trace.txt has no second line"
	case $event in
	*[!a-z0-9_/]* | /* | */ | */*/*) refuse "'$event' is no event: the first line is GROUP/EVENT" ;;
	*/*) ;;
	*) refuse "'$event' is no event: the first line is GROUP/EVENT" ;;
	esac
	case $trigger in
	hist:*) ;;
	*) refuse "'$trigger' is no hist trigger: it begins with hist:" ;;
	esac
	folder=$instances/student/events/$event
	[ -e "$folder/hist" ] || refuse "there is no event $event with a hist file"
	echo "$folder" >/lab/student.folder
	if ! printf '%s\n' "$trigger" 2>/dev/null >"$folder/trigger"; then
		refuse "the kernel refuses '$trigger': $(tail -n 4 $tracefs/error_log | tr '\n' ' ')"
	fi
}

case $1 in
arm)
	echo madvise >/sys/kernel/mm/transparent_hugepage/enabled || exit
	mkdir $instances/student $instances/labkit $instances/buffer || exit
	echo 64 >$instances/buffer/buffer_size_kb
	(arm_student) # in a shell of its own, which `refuse` ends
	echo 'hist:keys=common_pid,order:size=4096' >$instances/labkit/events/kmem/mm_page_alloc/trigger || exit
	echo 1 >$instances/buffer/events/kmem/mm_page_alloc/enable
	;;
read)
	echo 0 >$instances/buffer/tracing_on
	cat $instances/buffer/per_cpu/cpu*/stats >/lab/buffer.stats
	cat $instances/labkit/events/kmem/mm_page_alloc/hist >/lab/labkit.hist
	: >/lab/student.hist
	[ ! -e /lab/student.folder ] || cat "$(cat /lab/student.folder)/hist" >/lab/student.hist
	;;
esac
