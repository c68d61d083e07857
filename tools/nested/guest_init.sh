#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# PID 1 of the guest: loads the drivers of its devices and gives a shell on the serial console.
#
# With /guest/remote in the initramfs there is no prompt: each line that comes in is run, and
# "siskin-guest: done STATUS" follows its output, for tools/nested/guest.py.
export PATH=/bin HOME=/ TERM=vt100
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
# From here on the console is the shell's; dmesg still has everything.
dmesg -n 1
while read -r module; do
    insmod "/modules/$module" || echo "siskin-guest: cannot load $module"
done </modules.list

shut_down() {
    sync
    umount /mnt 2>/dev/null
    poweroff -f
}

# One struct input_event is 24 bytes, its type and code two 16-bit numbers at offset 16:
# 1 116 is EV_KEY KEY_POWER (linux/input-event-codes.h).
watch_power_button() {
    while event=$(dd if="$1" bs=24 count=1 2>/dev/null | od -An -tu2 -j16 -N4); do
        # shellcheck disable=SC2086  # two words on purpose
        set -- "$1" $event
        if [ "${2:-} ${3:-}" = "1 116" ]; then
            echo "siskin-guest: power button"
            shut_down
        fi
    done
}

for input in /sys/class/input/event*; do
    if [ "$(cat "$input/device/name")" = "Power Button" ]; then
        watch_power_button "/dev/input/${input##*/}" &
    fi
done

echo "siskin-guest: ready after $(cut -d' ' -f1 /proc/uptime) s, $(uname -sr), $(nproc) CPUs"
if [ -e /guest/remote ]; then
    stty -echo
    echo "siskin-guest: done 0"
    while read -r line; do
        eval "$line"
        echo "siskin-guest: done $?"
    done
else
    # busybox's own would signal PID 1, which waits for the shell and would not hear it.
    cat >/tmp/shell.rc <<'END'
leave() { sync; umount /mnt 2>/dev/null; "/bin/$1" -f; }
poweroff() { leave poweroff; }
reboot() { leave reboot; }
END
    console=/dev/$(cat /sys/class/tty/console/active)
    # A session leader's first terminal becomes its controlling one: Ctrl-C works.
    ENV=/tmp/shell.rc PS1='siskin-guest# ' setsid sh -c "exec sh -i <$console >$console 2>&1"
fi
shut_down
