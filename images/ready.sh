#!/run/labkit/sh
# Says in the kernel's log that the door is open: connected (01) to 10.0.2.100 port 22 in /proc/net/tcp.
while :; do
	while read -r _ _ remote state _; do
		case "$remote $state" in
		"6402000A:0016 01")
			echo "labkit: ready" >/dev/kmsg
			exit 0
			;;
		esac
	done </proc/net/tcp
	usleep 20000 # busybox sleeps without a fork
done
