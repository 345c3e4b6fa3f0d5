#!/bin/sh
# What may not go to swap cannot be reclaimed.
set -e
echo 0 >"$SHOP/front/db/memory.swap.max"
