# SPDX-License-Identifier: Apache-2.0
"""What is done to disks while others work (verified_load.py): each step takes the same arguments,
and may not disturb any disk but its own."""

import time

import hotplug
import images
from qmp import QmpError

MIB = 1 << 20
GROWN_MIB = 4
CUT_MIB = 8
MOVES = 12
# Between two moves of a disk: a rate, no wait for anything.
MOVE_PERIOD_S = 0.05
REPLUGS = 2
MOVED = "moved"


def arguments():
    """A port and a node for the disk that comes and goes."""
    return ["-device", "pcie-root-port,id=port-moved,chassis=20,slot=20",
            "-blockdev", f"driver=file,node-name={MOVED},filename={MOVED}.img"]


def make_disks(folder):
    (folder / f"{MOVED}.img").write_bytes(bytes(MIB))


def named(guest):
    """The guest's names of the disks, by their serial numbers."""
    lines = guest.run("for d in /sys/block/vd*; do echo $(basename $d) $(cat $d/serial); done")
    words = [line.split() for line in lines.splitlines()]
    return {pair[1]: pair[0] for pair in words if len(pair) == 2}


def until(guest, condition, limit_s=60):
    """Until a condition of the guest's shell holds."""
    guest.run(f"n=0; until {condition} || [ $n -ge 3000 ]; do usleep 20000; n=$((n+1)); done; "
              f"{condition}", limit_s)


def wait_for_writes(guest, disk, count):
    """Until so many more writes have completed (Linux: Documentation/block/stat.rst, field 5)."""
    done = "$(awk '{ print $5 }' " + f"/sys/block/{disk}/stat)"
    guest.run(f"before={done}")
    until(guest, f"[ {done} -ge $((before + {count})) ]")


def taken_on_host(vm, name):
    """The bytes that the node's file takes."""
    nodes = vm.qmp.command("query-named-block-nodes")
    return next(node for node in nodes if node["node-name"] == name)["image"]["actual-size"]


def sectors(guest, disk):
    return int(guest.run(f"cat /sys/block/{disk}/size"))


def resize(checks, vm, guest, disk, name, new_size):
    """block_resize, and what the guest has heard of it."""
    vm.qmp.command("block_resize", **{"node-name": name}, size=new_size)
    until(guest, f"[ $(cat /sys/block/{disk}/size) = {new_size // 512} ]")
    checks.contains(f"the kernel tells of the new size of '{name}'",
                    guest.run(f"dmesg | grep '{disk}. new size' | tail -n 1"),
                    f"[{disk}] new size: {new_size // 512} 512-byte")


def grow_file_system_disk(checks, vm, guest, disks, number):
    """The disk with the busy file system grows."""
    del number
    disk = disks["files"]
    resize(checks, vm, guest, disk, "files", sectors(guest, disk) * 512 + GROWN_MIB * MIB)


def cut_and_grow_raw_disk(checks, vm, guest, disks, number):
    """The end of the busy disk, which fio does not use, is cut off and comes back as zeros."""
    del number
    disk = disks["raw"]
    whole = sectors(guest, disk) * 512
    last = f"/dev/{disk} bs=4k count=1 oflag=direct seek={whole // 4096 - 1}"
    guest.run(f"yes | dd of={last} iflag=fullblock conv=fsync 2>/dev/null")
    first_cut = f"/dev/{disk} bs=4k count=1 skip={(whole - CUT_MIB * MIB) // 4096}"
    resize(checks, vm, guest, disk, "raw", whole - CUT_MIB * MIB)
    checks.equal("nothing is read behind the new end",
                 guest.run(f"dd if={first_cut} 2>/dev/null | wc -c"), "0")
    resize(checks, vm, guest, disk, "raw", whole)
    checks.equal("what was cut off comes back as zeros",
                 guest.run(f"dd if=/dev/{disk} bs=4k count=1 iflag=direct skip={whole // 4096 - 1} "
                           "2>/dev/null | tr -d '\\0' | wc -c"), "0")


def unbind_driver(checks, vm, guest, disks, number):
    """The driver of another busy disk is taken away, which resets the device, and bound again."""
    del vm, number
    device = guest.run(f"basename $(readlink -f /sys/block/{disks['unkept']}/device)")
    drivers = "/sys/bus/virtio/drivers/virtio_blk"
    take_away(checks, guest, disks, f"echo {device} >{drivers}/unbind",
              f"echo {device} >{drivers}/bind", "its driver")


def reset_function(checks, vm, guest, disks, number):
    """The same of the PCI driver, with a function level reset before it is bound again."""
    del vm, number
    function = guest.run(f"basename $(readlink -f /sys/block/{disks['unkept']}/device/..)")
    folder = f"/sys/bus/pci/devices/{function}"
    drivers = "/sys/bus/pci/drivers/virtio-pci"
    checks.contains("the function can be reset", guest.run(f"cat {folder}/reset_method"), "flr")
    guest.run(f"echo flr >{folder}/reset_method")
    take_away(checks, guest, disks, f"echo {function} >{drivers}/unbind",
              f"echo 1 >{folder}/reset; echo {function} >{drivers}/bind", "its PCI driver")


def take_away(checks, guest, disks, away, back, what):
    disk = disks["unkept"]
    guest.run(f"DISK=/dev/{disk} fio --minimal /guest/unkept.fio </dev/null >/tmp/unkept.out 2>&1 "
              "& unkept=$!")
    wait_for_writes(guest, disk, 32)
    guest.run(away, 60)
    guest.run("wait $unkept; unkept=$?", 60)
    checks.check(f"the load of a disk ends when {what} is taken away",
                 guest.run("echo $unkept") != "0", guest.run("tail -n 5 /tmp/unkept.out"))
    guest.run(back, 60)
    until(guest, f"[ -b /dev/{disk} ]")
    checks.equal(f"the disk is there with {what} bound again", named(guest).get("unkept"), disk)
    checks.equal("and has what is written now",
                 guest.run("dd if=/dev/urandom of=/tmp/wrote bs=64k count=4 2>/dev/null; "
                           f"dd if=/tmp/wrote of=/dev/{disk} bs=16k oflag=direct conv=fsync "
                           "2>/dev/null; "
                           f"dd if=/dev/{disk} of=/tmp/read bs=64k count=4 iflag=direct "
                           "2>/dev/null; cmp /tmp/wrote /tmp/read 2>&1 || true"), "")


def move_between_threads(checks, vm, guest, disks, number):
    """The busy disks go from one I/O thread to another and back, with all they have in flight."""
    del number
    for turn in range(MOVES):
        for name, threads in (("files", ("io1", None, "io0")), ("raw", ("io0", None, "io1"))):
            vm.qmp.command("x-blockdev-set-iothread", **{"node-name": name, "force": True},
                           iothread=threads[turn % 3])
            time.sleep(MOVE_PERIOD_S)
    for name in ("files", "raw"):
        wait_for_writes(guest, disks[name], 1)
        checks.check(f"'{name}' writes after it was moved {MOVES} times", True)


def plug_on_other_thread(checks, vm, guest, disks, number):
    """A disk comes and goes on the I/O thread of one busy disk, then on that of the other."""
    del disks
    for turn in range(REPLUGS):
        thread = f"io{turn % 2}"
        start = len(vm.qmp.events)
        vm.qmp.command("device_add", driver="virtio-blk-pci", id=MOVED, bus="port-moved",
                       drive=MOVED, serial=MOVED, iothread=thread)
        until(guest, "grep -qs moved /sys/block/vd*/serial")
        disk = named(guest)[MOVED]
        word = f"{thread}-{number}"
        guest.run(f"echo {word} | dd of=/dev/{disk} conv=fsync 2>/dev/null; "
                  "echo 3 >/proc/sys/vm/drop_caches")
        checks.equal(f"the disk plugged on {thread} has what is written",
                     guest.run(f"head -n 1 /dev/{disk}"), word)
        vm.qmp.command("device_del", id=MOVED)
        hotplug.deleted(vm, start)
        until(guest, f"[ ! -e /sys/block/{disk} ]")


def iothreads(checks, vm, guest, disks, number):
    """By x-blockdev-set-iothread where it is; QEMU's is not for disks that are in use."""
    try:
        commands = {command["name"] for command in vm.qmp.command("query-commands")}
    except QmpError:
        commands = set()
    if "x-blockdev-set-iothread" in commands and "x-siskin-events-subscribe" in commands:
        move_between_threads(checks, vm, guest, disks, number)
    plug_on_other_thread(checks, vm, guest, disks, number)


ALL = (grow_file_system_disk, cut_and_grow_raw_disk, unbind_driver, reset_function, iothreads)
