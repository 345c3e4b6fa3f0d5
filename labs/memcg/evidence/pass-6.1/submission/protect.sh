#!/bin/sh
# A child has of its protection what its parent has to give: both are told.
set -e
for group in "$SHOP/front" "$SHOP/front/db"; do
	echo $(((DB_MIB + 2) * 1024 * 1024)) >"$group/memory.low"
done
