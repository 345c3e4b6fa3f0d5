#!/bin/sh
# Protects all of the front, and db is in it.
set -e
echo $(((DB_MIB + 2) * 1024 * 1024)) >"$SHOP/front/memory.low"
