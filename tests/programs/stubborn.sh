#!/bin/sh
# Ignores TERM, and has a grandchild that does so too in a session and process group of its own. $1: where to write pids.
trap '' TERM
setsid sh -c 'trap "" TERM; echo $$ >>"$1"; while :; do sleep 0.2; done' sh "$1" &
echo $$ >>"$1"
echo ready
while :; do sleep 0.2; done
