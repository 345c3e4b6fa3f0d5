#!/bin/sh
# Run as root in /lab. In the environment: SHOP (the folder of the cgroup that is full), DB_MIB.
echo $(((DB_MIB + 2) * 1024 * 1024)) >"$SHOP/front/db/memory.low"
# TODO: is that enough? See what labkit says of db's page cache.
