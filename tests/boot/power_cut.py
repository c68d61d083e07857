# SPDX-License-Identifier: Apache-2.0
"""The boot tier's scenario of power cuts: what a guest was told is synced is on the host's disk."""

import os
import random
import re
import shutil
import subprocess

import disk_steps
import images
from guest import Guest
from verified_load import LOAD, guest_programs

CUTS = 100 if os.environ.get("SISKIN_LONG") else 10
# At most so many records between two cuts.
RECORDS_BETWEEN = 12
SLOTS = 32
RECORD_BYTES = 512
DISK_MIB = 24
# The host's disks; of "doomed" the flushes do nothing, which the bench must see.
DISKS = {"raw": "", "files": "", "doomed": ",cache.no-flush=on"}


def arguments():
    found = []
    for index, (name, node) in enumerate(DISKS.items(), 2):
        found += [
            "-blockdev", f"driver=host_device,node-name={name},filename=/dev/nvme{index}n1{node}",
            "-device", f"pcie-root-port,id=port-{name},chassis={index},slot={index}",
            "-device", f"virtio-blk-pci,id=v-{name},drive={name},serial={name},bus=port-{name}",
        ]
    return found


def power_cut(bench):
    """The host of the VMM loses its memory; on its disk is all that the guest was told is synced.
    """
    checks = bench.checks
    if bench.native:
        print("power-cut: no power is cut on this host; it is for the nested machine", flush=True)
        return
    disks = {}
    for name in DISKS:
        disks[name] = bench.work / f"{name}.img"
        with open(disks[name], "wb") as image:
            image.truncate(DISK_MIB << 20)
    images.make_ext4(disks["files"], DISK_MIB)
    with bench.start(arguments(), guest_files=sorted(LOAD.iterdir()), programs=guest_programs(),
                     host_disks=disks.values(), limit_factor=4) as vm:
        guest = Guest(vm.console)
        vm.qmp.negotiate()
        guest.wait_ready(120)
        named = disk_steps.named(guest)
        guest.run(f"mount -t ext4 /dev/{named['files']} /mnt")
        # Beside the records, so that the host has much in memory that nobody synced.
        guest.run(f"DISK=/dev/{named['raw']} fio --minimal /guest/unkept.fio </dev/null "
                  ">/dev/null 2>&1 &")
        disk_steps.wait_for_writes(guest, named["raw"], 64)
        guest.start(f"sh /guest/records.sh {SLOTS} {named['raw']} {named['doomed']}")
        for number in range(CUTS):
            cut(bench, vm, disks, number)
        next_records(vm)
        vm.cut_power()
        synced = last_synced(vm)
    checks.equal("the disk has all that was synced when the power was cut at last",
                 lost(raw_records(disks["raw"]), synced), [])
    checks.equal("and the file system", lost(file_records(checks, disks["files"]), synced), [])
    checks.check("the bench sees what a disk loses whose flushes do nothing",
                 lost(raw_records(disks["doomed"]), synced), f"nothing of {synced} records is gone")
    print(f"power-cut: {CUTS + 1} cuts, {synced} records on each disk", flush=True)


def next_records(vm):
    for _ in range(random.randint(1, RECORDS_BETWEEN)):
        vm.console.expect(rb"synced \d+\r*\n", 60)


def last_synced(vm):
    return int(re.findall(r"synced (\d+)\n", vm.console.text())[-1])


def cut(bench, vm, disks, number):
    """The host's disks as a power cut would leave them, and what is on them."""
    next_records(vm)
    copies = {name: bench.work / f"cut-{name}.img" for name in ("raw", "files")}
    with vm.standing_still():
        synced = last_synced(vm)
        for name, copy in copies.items():
            shutil.copy(disks[name], copy)
    bench.checks.equal(f"cut {number + 1}: the disk has all {synced} records that were synced",
                       lost(raw_records(copies["raw"]), synced), [])
    bench.checks.equal(f"cut {number + 1}: and the file system",
                       lost(file_records(bench.checks, copies["files"]), synced), [])


def raw_records(image):
    """What is in each slot."""
    with open(image, "rb") as disk:
        return [disk.read(RECORD_BYTES) for _ in range(SLOTS)]


def file_records(checks, image):
    """The same of the file system, after its journal was replayed."""
    # -p corrects what a journal leaves to do (counts, orphans) and no more.
    for option, good in (("-fp", (0, 1)), ("-fn", (0,))):
        done = subprocess.run([images.e2fs_tool("e2fsck"), option, image],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        if done.returncode not in good:
            checks.check(f"e2fsck {option} has nothing against the file system", False, done.stdout)
    folder = image.with_suffix(".files")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    subprocess.run([images.e2fs_tool("debugfs"), "-R", f"rdump / {folder}", image], check=True,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    files = (folder / str(slot) for slot in range(SLOTS))
    return [file.read_bytes() if file.exists() else b"" for file in files]


def lost(records, synced):
    """The slots that have neither their newest synced record nor the one that came after it."""
    numbers = [int(record) if re.fullmatch(rb"\d+ *\n", record) else 0 for record in records]
    under_way = (max(numbers) + 1) % SLOTS
    found = []
    for slot, (record, number) in enumerate(zip(records, numbers)):
        newest = synced - (synced - slot) % SLOTS
        whole = number in (newest, newest + SLOTS) and len(record) == RECORD_BYTES
        # dd empties a file before it writes it.
        emptied = slot == under_way and not record
        if newest > 0 and not whole and not emptied:
            found.append(f"slot {slot}: {record[:16]!r}, not {newest}")
    return found
