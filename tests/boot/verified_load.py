# SPDX-License-Identifier: Apache-2.0
"""The boot tier's scenario of disks under fio, which verifies every block that it wrote, while
they are resized, another is reset and moved, and the machine is reset."""

import os
import pathlib
import subprocess
import time

import disk_steps
import facts
import images
import programs
from guest import Guest

HERE = pathlib.Path(__file__).resolve().parent
LOAD = HERE / "load"
# SISKIN_LONG=1 writes 2 GiB and takes minutes.
LONG = bool(os.environ.get("SISKIN_LONG"))
MIB = 1 << 20
# Of one job in one turn: the size of what it writes into, and how much; turns, disks.
SPAN_MIB, WRITTEN_MIB, TURNS = (96, 64, 5) if LONG else (2, 1, 1)
FILES_MIB = 640 if LONG else 64
RAW_MIB = 2 * SPAN_MIB + 16
UNKEPT_MIB = 32
LEAST_WRITTEN_MIB = 2048 if LONG else 6
LIMIT_S = 1500 if LONG else 120
# Until a reset finds the load in the middle of it.
WRITES_BEFORE_RESET = 50

# name: the options of its node, of its device.
DISKS = {
    "files": ("discard=unmap", "num-queues=2,iothread=io0"),
    "raw": ("discard=unmap", "num-queues=2,iothread=io1"),
    "unkept": ("discard=unmap", "num-queues=2"),
}


LOOPS = ("files", "raw")


def arguments():
    found = ["-object", "iothread,id=io0", "-object", "iothread,id=io1"]
    for slot, (name, (node, device)) in enumerate(DISKS.items(), 2):
        found += [
            "-blockdev", f"driver=file,node-name={name},filename={name}.img,{node}",
            "-device", f"pcie-root-port,id=port-{name},chassis={slot},slot={slot}",
            "-device", f"virtio-blk-pci,id=v-{name},drive={name},serial={name},"
                       f"bus=port-{name},{device}",
        ]
    return found + disk_steps.arguments()


def make_disks(folder):
    for name, mib in (("files", FILES_MIB), ("raw", RAW_MIB), ("unkept", UNKEPT_MIB)):
        with open(folder / f"{name}.img", "wb") as image:
            image.truncate(mib * MIB)
    disk_steps.make_disks(folder)


def guest_programs():
    """fio, and what makes and checks the file system."""
    found = programs.fio()
    for name in ("mke2fs", "e2fsck"):
        found.update(programs.with_libraries(pathlib.Path(images.e2fs_tool(name))))
    return found


def verified_load(bench):
    """fio verifies all it writes while disks are resized, reset, moved; then the machine is reset.
    """
    checks = bench.checks
    with bench.start(arguments(), make_disks, guest_files=sorted(LOAD.iterdir()),
                     programs=guest_programs(), limit_factor=6 if LONG else 2) as vm:
        guest = Guest(vm.console)
        vm.qmp.negotiate()
        guest.wait_ready(120)
        disks = disk_steps.named(guest)
        guest.run(f"/bin/mke2fs -q -t ext4 /dev/{disks['files']}", 60)
        mount(guest, disks)
        checks.equal("a file is written and verified", kept(guest, "early"), "")

        start_load(guest, disks)
        rounds = steps_under_load(checks, vm, guest, disks)
        written = end_load(checks, guest, beside=f", {rounds} rounds of steps beside it")
        checks.check(f"at least {LEAST_WRITTEN_MIB} MiB were written",
                     written >= LEAST_WRITTEN_MIB, written)
        give_back(checks, vm, guest)
        facts.healthy(checks, guest, "load and steps")

        start_load(guest, disks)
        checks.equal("a file is written and verified beside the load", kept(guest, "late"), "")
        in_the_middle(checks, guest, disks)
        vm.qmp.command("system_reset")
        vm.qmp.wait_event("RESET", 30)
        guest.wait_ready(120)
        after_reset(checks, guest)

        guest.start("poweroff -f")
        vm.qmp.wait_event("SHUTDOWN", 60)
        checks.equal("the VMM ends with status 0", vm.wait(60), 0)
    checks.equal("the VMM wrote nothing to stderr", vm.errors, "")
    host_side(checks, vm)


def mount(guest, disks):
    guest.run(f"mount -t ext4 -o discard /dev/{disks['files']} /mnt")


def kept(guest, name, option=""):
    """Writes and verifies a file, or verifies it as it is; what fio had against it."""
    # Through the cache the guest would compare what it still remembers.
    guest.run("sync; echo 3 >/proc/sys/vm/drop_caches")
    return guest.run(f"FILE=/mnt/{name} fio --minimal {option} /guest/kept.fio >/tmp/{name}.out "
                     f"2>&1 || tail -n 20 /tmp/{name}.out", LIMIT_S)


def start_load(guest, disks, loops=LOOPS):
    """Both loops, until there is /tmp/enough."""
    guest.run("rm -f /tmp/enough /tmp/*.ended /tmp/*.turns")
    sizes = f"BYTES={SPAN_MIB * MIB} LEFT={WRITTEN_MIB * MIB}"
    for name in loops:
        guest.run(f"{sizes} DISK=/dev/{disks['raw']} sh /guest/loop.sh {name} {TURNS} "
                  "</dev/null >/dev/null 2>&1 &")
    for name in loops:
        disk_steps.wait_for_writes(guest, disks[name], 1)


def turns(guest, loops=LOOPS):
    """[(KiB read, KiB written)] of the turns of each loop."""
    found = {}
    for name in loops:
        lines = guest.run(f"cat /tmp/{name}.turns").split("\n")
        found[name] = [tuple(int(word) for word in line.split()) for line in lines if line]
    return found


def steps_under_load(checks, vm, guest, disks):
    """Rounds of all steps, one at least and until the loops have had their turns."""
    count = 0
    while True:
        count += 1
        for step in disk_steps.ALL:
            started = time.monotonic()
            step(checks, vm, guest, disks, count)
            print(f"fio: round {count}: {step.__name__}: {time.monotonic() - started:.1f} s",
                  flush=True)
        done = turns(guest)
        ended = guest.run("ls /tmp/*.ended 2>/dev/null || true")
        if ended or all(len(of_one) >= TURNS for of_one in done.values()):
            return count


def end_load(checks, guest, loops=LOOPS, beside=""):
    """Each loop ends its turn; how much was written in all, in MiB."""
    ended = " && ".join(f"[ -e /tmp/{name}.ended ]" for name in loops)
    guest.run(f"touch /tmp/enough; until {ended}; do usleep 20000; done", LIMIT_S)
    total = 0
    for name, of_one in turns(guest, loops).items():
        checks.equal(f"fio verified all it wrote ({name})", guest.run(f"cat /tmp/{name}.wrong"), "")
        checks.check(f"every turn of '{name}' wrote and read back",
                     of_one and all(all(pair) for pair in of_one), of_one)
        read, written = (sum(column) // 1024 for column in zip((0, 0), *of_one))
        print(f"fio: {name}: {len(of_one)} turns, {written} MiB written, {read} MiB read back"
              f"{beside}", flush=True)
        total += written
    return total


def give_back(checks, vm, guest):
    """What files that are gone took, the image's own file has no more."""
    guest.run("rm /mnt/*.0; dd if=/dev/zero of=/mnt/ballast bs=1M count=16 2>/dev/null; sync")
    before = disk_steps.taken_on_host(vm, "files")
    guest.run("rm /mnt/ballast; sync; fstrim /mnt", 120)
    after = disk_steps.taken_on_host(vm, "files")
    checks.check("fstrim gives the blocks of a file back to the host", after <= before - 12 * MIB,
                 f"{before} bytes before, {after} afterwards")


def in_the_middle(checks, guest, disks):
    """Until both loads have written much of a turn; neither may have ended."""
    for name in LOOPS:
        disk_steps.wait_for_writes(guest, disks[name], WRITES_BEFORE_RESET)
    checks.equal("the load is under way", guest.run("ls /tmp/*.ended 2>/dev/null || true"), "")


def after_reset(checks, guest):
    """The journal brings the file system back, and what was on the disk is."""
    disks = disk_steps.named(guest)
    mount(guest, disks)
    log = guest.run("dmesg | grep EXT4-fs")
    checks.contains("the journal was replayed", log, f"({disks['files']}): recovery complete")
    for name in ("early", "late"):
        checks.equal(f"the file '{name}' is as it was written", kept(guest, name, "--verify_only"),
                     "")
    guest.run("umount /mnt")
    checks.equal("the guest's own e2fsck finds nothing",
                 guest.run(f"/bin/e2fsck -fn /dev/{disks['files']} >/tmp/fsck 2>&1 || "
                           "cat /tmp/fsck", LIMIT_S), "")
    start_load(guest, disks, ("raw",))
    end_load(checks, guest, ("raw",))
    facts.healthy(checks, guest, "after system_reset")


def host_side(checks, vm):
    image = vm.image("files.img")
    check = subprocess.run([images.e2fs_tool("e2fsck"), "-fn", image], stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    checks.check("e2fsck finds nothing", check.returncode == 0, check.stdout)
