#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# loop.sh NAME TURNS: runs NAME.fio, each turn with another seed, TURNS times and until there is
# /tmp/enough.  In /tmp/NAME.turns a line for each turn that was right: KiB read, KiB written;
# /tmp/NAME.wrong is what went wrong, and /tmp/NAME.ended comes last.
name=$1
turn=0
: >"/tmp/$name.turns"
: >"/tmp/$name.wrong"
while [ "$turn" -lt "$2" ] || ! [ -e /tmp/enough ]; do
    turn=$((turn + 1))
    export SEED=$turn
    if ! fio --minimal "/guest/$name.fio" >"/tmp/$name.out" 2>&1; then
        { echo "turn $turn:"; tail -n 20 "/tmp/$name.out"; } >"/tmp/$name.wrong"
        break
    fi
    # Fields 6 and 47 of the terse format, version 3.
    awk -F ';' '/^3;/ { read += $6; written += $47 } END { print read, written }' \
        "/tmp/$name.out" >>"/tmp/$name.turns"
done
touch "/tmp/$name.ended"
