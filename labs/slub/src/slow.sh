#!/bin/sh
# slow.sh COMMAND: tells labkit's module a command and says how often the slow path of the slab allocator ran,
# for each cache (the argument `s`) by itself: other caches are at work meanwhile.
tracing=/sys/kernel/tracing
probe=$tracing/events/kprobes/slow
echo 'p:slow ___slab_alloc s=%di:x64' >$tracing/kprobe_events || exit
echo 'hist:keys=s' >$probe/trigger || exit
./tell.sh "$1" || exit
cat $probe/hist
echo '!hist:keys=s' >$probe/trigger
echo >$tracing/kprobe_events
