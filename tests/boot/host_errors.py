# SPDX-License-Identifier: Apache-2.0
"""The boot tier's scenario of a host whose disk is full: what a stock guest is told of it, and how
a machine that stopped goes on."""

import disk_steps
from guest import DONE, Guest

MIB = 1 << 20
LARGE_MIB = 64
# The nested host has less room, for both disks together.
ROOM, ROOM_MIB = "/tmp/small", 10
FIRST, COUNT = 4, 2  # of the disk whose errors stop the machine: where the guest writes
DISKS = {"told": "report", "kept": "stop"}


def arguments():
    found = []
    for slot, (name, action) in enumerate(DISKS.items(), 11):
        found += ["-blockdev", f"driver=file,node-name={name},filename={ROOM}/{name}.img",
                  "-device", f"pcie-root-port,id=port-{name},chassis={slot},slot={slot}",
                  "-device", f"virtio-blk-pci,id=v-{name},drive={name},serial={name},"
                  f"bus=port-{name},werror={action}"]
    return found


def setup():
    """Of the nested host: the two images, in a file system of that size."""
    images = " ".join(f"{ROOM}/{name}.img" for name in DISKS)
    return (f"mkdir {ROOM}; mount -t tmpfs -o size={ROOM_MIB}m small {ROOM}; "
            f"for image in {images}; do dd if=/dev/zero of=$image bs=1M count=0 "
            f"seek={LARGE_MIB} 2>/dev/null; done")


def host_errors(bench):
    """B06: ENOSPC fails one request, or stops the machine until there is room; nothing is lost."""
    checks = bench.checks
    if bench.native:
        print("host-errors: this host's disk is not filled; it is for the nested machine",
              flush=True)
        return
    with bench.start(arguments(), host_setup=setup()) as vm:
        guest = Guest(vm.console)
        vm.qmp.negotiate()
        guest.wait_ready(120)
        named = disk_steps.named(guest)
        guest.run("dd if=/dev/urandom of=/tmp/random bs=1M count=1 2>/dev/null")
        written = fill(checks, vm, guest, named["told"])
        stop_and_go_on(checks, vm, guest, named["kept"], written)
        checks.equal("B06: what was left of the other disk is as it was",
                     differing(guest, named["told"], 0, written // 2), "")
        failed = guest.run("dmesg | grep 'I/O error'")
        checks.check("B06: the kernel tells of errors of the other disk only",
                     all(f"dev {named['told']}," in line for line in failed.splitlines()), failed)
        guest.start("poweroff -f")
        vm.qmp.wait_event("SHUTDOWN", 60)
        checks.equal("the VMM ends with status 0", vm.wait(60), 0)


def differing(guest, disk, first, count):
    """The numbers of the MiB that are not as they were written."""
    return guest.run(f"n={first}; while [ $n -lt {first + count} ]; do "
                     f"dd if=/dev/{disk} bs=1M count=1 skip=$n iflag=direct 2>/dev/null | "
                     "cmp -s - /tmp/random || echo $n; n=$((n+1)); done", 300)


def fill(checks, vm, guest, disk):
    """Writes until the guest is told of an error; how many MiB there are."""
    written = int(guest.run(
        f"n=0; while [ $n -lt {LARGE_MIB} ] && dd if=/tmp/random of=/dev/{disk} bs=1M count=1 "
        "seek=$n oflag=direct 2>/tmp/dd; do n=$((n+1)); done; echo $n", 300))
    checks.check("B06: the host's disk is full before the guest's", 0 < written < LARGE_MIB,
                 f"{written} MiB")
    checks.contains("B06: the write fails", guest.run("cat /tmp/dd"), "error writing")
    event = vm.qmp.wait_event("BLOCK_IO_ERROR")["data"]
    checks.equal("B06: BLOCK_IO_ERROR says so",
                 [event.get(key) for key in ("node-name", "operation", "action", "reason")],
                 ["told", "write", "report", "No space left on device"])
    checks.equal("B06: each write before it is there", differing(guest, disk, 0, written), "")
    return written


def stop_and_go_on(checks, vm, guest, disk, written):
    """The machine stops, again while there is no room, and goes on where it was when there is."""
    for turn in range(2):
        start = len(vm.qmp.events)
        if turn == 0:
            guest.start(f"cat /tmp/random /tmp/random | dd of=/dev/{disk} bs=1M seek={FIRST} "
                        "iflag=fullblock oflag=direct 2>/dev/null")
        else:
            vm.qmp.command("cont")
        vm.qmp.wait_event("STOP", 60, start)
        event = vm.qmp.wait_event("BLOCK_IO_ERROR", 60, start)["data"]
        checks.equal(f"B06: the machine stops at the error, time {turn + 1}",
                     [event.get(key) for key in ("node-name", "action", "nospace")],
                     ["kept", "stop", True])
        checks.equal("B06: and says why", vm.qmp.command("query-status")["status"], "io-error")
    vm.qmp.command("block_resize", **{"node-name": "told"}, size=written // 2 * MIB)
    vm.qmp.command("cont")
    checks.equal("B06: the guest's write succeeds when there is room",
                 vm.console.expect(DONE, 60).group(1), b"0")
    checks.equal("B06: and is there",
                 differing(guest, disk, FIRST, COUNT), "")
