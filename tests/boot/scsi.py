# SPDX-License-Identifier: Apache-2.0
"""The boot tier's scenario of SCSI disks and a CD drive, with the stock drivers."""

import hashlib
import os

import facts
import images
from guest import Guest

DISK_MIB = 64
CD_BYTES = 2 * 1024 * 1024
FILE_MIB = 4
HOT_BYTES = 8 * 1024 * 1024


def prepare(folder, disc):
    """A disk with a file system, a CD image, and a disk for later."""
    images.make_ext4(folder / "scsi.img", DISK_MIB)
    (folder / "cd.img").write_bytes(disc)
    (folder / "hot.img").write_bytes(bytes(HOT_BYTES))


def wait_for(guest, condition):
    """Until the guest has seen what is on its way."""
    guest.run(f"n=0; until {condition} || [ $n -ge 1500 ]; do usleep 20000; n=$((n+1)); done; "
              f"{condition}", 60)


def scsi(bench):
    """A scsi-hd is written and verified, a scsi-cd read, changed, and a unit plugged."""
    checks = bench.checks
    arguments = ["-device", "virtio-scsi-pci,id=scsi0",
                 "-drive", "if=none,id=d0,format=raw,file=scsi.img",
                 "-device", "scsi-hd,id=hd0,bus=scsi0.0,scsi-id=1,lun=0,drive=d0,serial=SISKIN1",
                 "-drive", "if=none,id=c0,format=raw,media=cdrom,file=cd.img",
                 "-device", "scsi-cd,id=cd0,bus=scsi0.0,scsi-id=2,lun=0,drive=c0",
                 "-device", "scsi-cd,id=cd1,bus=scsi0.0,scsi-id=2,lun=1",
                 "-drive", "if=none,id=h0,format=raw,file=hot.img"]
    disc = os.urandom(CD_BYTES)
    with bench.start(arguments, lambda folder: prepare(folder, disc)) as vm:
        guest = Guest(vm.console)
        vm.qmp.negotiate()
        guest.wait_ready(120)
        wait_for(guest, "[ -b /dev/sda ] && [ -b /dev/sr0 ] && [ -b /dev/sr1 ]")
        look(checks, guest)
        write_and_verify(checks, guest)
        read_cd(checks, guest, disc)
        move_tray(checks, vm, guest)
        plug(checks, vm, guest)
        facts.healthy(checks, guest, "SCSI")
        guest.start("reboot -f")
        vm.qmp.wait_event("RESET", 60)
        guest.wait_ready(120)
        wait_for(guest, "[ -b /dev/sda ]")
        guest.run("mount -t ext4 /dev/sda /mnt && cd /mnt")
        checks.equal("the files are the same after the reboot",
                     guest.run("sha256sum -c sums >/dev/null 2>&1; echo $?"), "0")
        guest.run("cd /; umount /mnt")
        guest.start("poweroff -f")
        vm.qmp.wait_event("SHUTDOWN", 60)
        checks.equal("the VMM ends with status 0", vm.wait(60), 0)
    checks.equal("the VMM wrote nothing to stderr", vm.errors, "")


def look(checks, guest):
    """What the stock drivers make of the units' answers."""
    checks.equal("the disk has its size", guest.run("blockdev --getsize64 /dev/sda"),
                 str(DISK_MIB * 1024 * 1024))
    checks.equal("the disk has its address", guest.run("ls -d /sys/block/sda/device/scsi_disk/*"),
                 "/sys/block/sda/device/scsi_disk/" +
                 guest.run("basename $(readlink -f /sys/block/sda/device)"))
    checks.equal("the disk has a write cache",
                 guest.run("cat /sys/block/sda/queue/write_cache"), "write back")
    checks.equal("discards are offered",
                 guest.run("cat /sys/block/sda/queue/discard_granularity"), "4096")
    checks.equal("the CD has blocks of 2048 bytes",
                 guest.run("cat /sys/block/sr0/queue/logical_block_size"), "2048")
    log = guest.run("dmesg | grep -i 'direct-access\\|cd-rom' || true")
    checks.check("the disk and the drives are known by name",
                 "QEMU HARDDISK" in log and log.count("QEMU CD-ROM") == 2, log)


def write_and_verify(checks, guest):
    """Files by way of the cache and past it, discards, and all of the disk read."""
    guest.run("mount -t ext4 -o discard /dev/sda /mnt && cd /mnt")
    guest.run(f"dd if=/dev/urandom of=random bs=1M count={FILE_MIB} 2>/dev/null")
    guest.run("writers=; for i in 1 2 3 4; do dd if=random of=part$i bs=$((i * 4))k oflag=direct "
              "2>/dev/null & writers=\"$writers $!\"; done; wait $writers", 120)
    guest.run("sha256sum random part1 part2 part3 part4 >sums; dd if=random of=gone bs=1M "
              "2>/dev/null; sync; rm gone; sync; echo 3 >/proc/sys/vm/drop_caches")
    checks.equal("what was read back is what was written",
                 guest.run("sha256sum -c sums >/dev/null 2>&1; echo $?"), "0")
    checks.equal("what went past the cache is the same",
                 guest.run("sort sums | cut -d' ' -f1 | uniq | wc -l").strip(), "1")
    guest.run("dd if=/dev/sda of=/dev/null bs=1M iflag=direct 2>/dev/null", 120)
    guest.run("cd /; umount /mnt")


def read_cd(checks, guest, disc):
    """All bytes of the disc; none can be written; the other drive is empty."""
    size = guest.run("blockdev --getsize64 /dev/sr0")
    checks.equal("the disc has its size", size, str(CD_BYTES))
    read = guest.run("sha256sum </dev/sr0", 60).split()[0]
    checks.equal("the disc's bytes are the image's", read, hashlib.sha256(disc).hexdigest())
    checks.equal("the disc cannot be written",
                 guest.run("dd if=/dev/zero of=/dev/sr0 bs=2048 count=1 2>/dev/null; echo $?"), "1")
    checks.equal("it is the same afterwards",
                 guest.run("echo 3 >/proc/sys/vm/drop_caches; sha256sum </dev/sr0", 60).split()[0],
                 read)
    checks.equal("an empty drive says that it is",
                 guest.run("dd if=/dev/sr1 of=/dev/null count=1 2>&1 | grep -c 'No medium'"), "1")


def move_tray(checks, vm, guest):
    """The tray is opened, another medium is put in, and the guest reads that."""
    start = len(vm.qmp.events)
    vm.qmp.command("blockdev-open-tray", id="cd0")
    moved = vm.qmp.wait_event("DEVICE_TRAY_MOVED", 30, start)
    checks.equal("the event names the drive", moved["data"],
                 {"device": "c0", "id": "cd0", "tray-open": True})
    shown = {disk.get("qdev"): disk for disk in vm.qmp.command("query-block")}
    checks.equal("query-block has the tray open", shown["cd0"].get("tray_open"), True)
    vm.qmp.command("blockdev-remove-medium", id="cd0")
    vm.qmp.command("blockdev-add", driver="file", filename="hot.img", **{"node-name": "other"},
                   **{"read-only": True})
    vm.qmp.command("blockdev-insert-medium", id="cd0", **{"node-name": "other"})
    vm.qmp.command("blockdev-close-tray", id="cd0")
    checks.equal("the guest reads the new disc",
                 guest.run("echo 3 >/proc/sys/vm/drop_caches; blockdev --getsize64 /dev/sr0; "
                           "dd if=/dev/sr0 bs=2048 count=1 2>/dev/null | md5sum | cut -c1-8"),
                 f"{HOT_BYTES}\n" + hashlib.md5(bytes(2048)).hexdigest()[:8])
    vm.qmp.command("eject", id="cd0")
    vm.qmp.command("blockdev-del", **{"node-name": "other"})


def plug(checks, vm, guest):
    """A unit comes and goes under the running guest, which is told by events."""
    vm.qmp.command("device_add", driver="scsi-hd", id="hot", bus="scsi0.0", drive="h0",
                   **{"scsi-id": 3, "lun": 5})
    wait_for(guest, "[ -b /dev/sdb ]")
    checks.equal("the plugged disk has its size", guest.run("blockdev --getsize64 /dev/sdb"),
                 str(HOT_BYTES))
    guest.run("echo plugged | dd of=/dev/sdb conv=fsync 2>/dev/null")
    checks.equal("it can be written", guest.run("dd if=/dev/sdb bs=7 count=1 2>/dev/null"),
                 "plugged")
    start = len(vm.qmp.events)
    vm.qmp.command("device_del", id="hot")
    deleted = vm.qmp.wait_event("DEVICE_DELETED", 30, start)
    checks.equal("DEVICE_DELETED names it", deleted["data"],
                 {"device": "hot", "path": "/machine/peripheral/hot"})
    wait_for(guest, "[ ! -e /sys/block/sdb ]")
    checks.equal("the guest has let go of it", guest.run("ls -d /sys/block/sd*"), "/sys/block/sda")
