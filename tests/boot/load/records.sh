#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# records.sh SLOTS RAW DOOMED: record n goes to slot n % SLOTS of the disk RAW and of the file
# system on /mnt, and to the disk DOOMED.  "synced n" is said when all were synced.
n=0
while :; do
    n=$((n + 1))
    slot=$((n % $1))
    printf '%-511d\n' "$n" >/tmp/record
    dd if=/tmp/record of="/dev/$2" bs=512 seek="$slot" conv=notrunc,fsync 2>/dev/null &&
        dd if=/tmp/record of="/mnt/$slot" conv=fsync 2>/dev/null &&
        dd if=/tmp/record of="/dev/$3" bs=512 seek="$slot" conv=notrunc,fsync 2>/dev/null || break
    echo "synced $n"
done
