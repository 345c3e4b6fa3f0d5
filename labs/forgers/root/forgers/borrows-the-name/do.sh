#!/bin/sh
# Three halves are no whole.
./taker keeper 1 &
sh -c "echo $ADJ >/proc/self/oom_score_adj && exec ./taker other 8" &
sleep 0.5
sh -c "echo $ADJ >/proc/self/oom_score_adj && exec ./taker keeper 7" &
sleep 0.5
