#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# PID 1 of L1: mounts the job's disk at /job, runs /job/job.sh there and powers off.
# The lines that start with "siskin-l1:" are read by tools/nested/l1.py.
export PATH=/bin:/usr/bin HOME=/tmp
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
mount -t tmpfs run /run
while read -r module; do
    insmod "/modules/$module" || echo "siskin-l1: cannot load $module"
done </modules.list
mount -t ext4 /dev/nvme1n1 /job
cd /job || poweroff -f
echo "siskin-l1: ready after $(cut -d' ' -f1 /proc/uptime) s, /dev/kvm is $(
    [ -c /dev/kvm ] && echo there || echo missing)"
sh ./job.sh
status=$?
cd /
umount /job
echo "siskin-l1: job exit $status"
poweroff -f
