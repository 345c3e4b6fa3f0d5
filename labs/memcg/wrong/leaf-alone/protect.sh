#!/bin/sh
# Protects the one that matters.
set -e
echo $(((DB_MIB + 2) * 1024 * 1024)) >"$SHOP/front/db/memory.low"
