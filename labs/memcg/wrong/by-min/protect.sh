#!/bin/sh
# Harder is better.
set -e
for group in "$SHOP/front" "$SHOP/front/db"; do
	echo $(((DB_MIB + 2) * 1024 * 1024)) >"$group/memory.min"
done
