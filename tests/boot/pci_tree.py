# SPDX-License-Identifier: Apache-2.0
"""A PCI Express tree of three levels and more under the stock kernel, beside QEMU's own.

The guest's configuration spaces are decoded by lspci on this host and compared with what QEMU 7.2
shows for the same command line (tests/boot/golden); only the lines listed there may differ.
"""

import difflib
import hashlib
import os
import pathlib
import re
import shutil
import subprocess

import facts
from guest import Guest

GOLDEN = pathlib.Path(__file__).resolve().parent / "golden"
DISK_KIB = 256

# By the kind of port that is right above the disk.
DISKS = ("root", "ioh", "switch", "deep", "express", "bridge", "four", "expander")
# A switch with a bridge below it, a chain of four bridges with INTx, another root bus.
DEVICES = """
    -device pcie-root-port,id=root,chassis=11,addr=4
    -device ioh3420,id=ioh,chassis=12,addr=5
    -device pcie-root-port,id=r3,chassis=13,addr=6
    -device x3130-upstream,id=up,bus=r3
    -device xio3130-downstream,id=switch,bus=up,chassis=14,addr=0
    -device xio3130-downstream,id=d2,bus=up,chassis=15,addr=1
    -device xio3130-downstream,id=d3,bus=up,chassis=16,addr=2
    -device x3130-upstream,id=up2,bus=d2
    -device xio3130-downstream,id=deep,bus=up2,chassis=17
    -device pcie-pci-bridge,id=express,bus=d3
    -device pci-bridge,id=bridge,bus=express,chassis_nr=21,shpc=off,addr=2
    -device pci-bridge,id=four,bus=bridge,chassis_nr=22,shpc=off,addr=3
    -device pxb-pcie,id=px,bus_nr=0x80,addr=7
    -device pcie-root-port,id=expander,bus=px,chassis=18
""".split()
# Below bridges to conventional PCI these have no MSI-X here, so that INTx is used.
WITH_PINS = ("express", "bridge", "four")


def arguments():
    words = list(DEVICES)
    for index, bus in enumerate(DISKS):
        words += ["-drive", f"if=none,id=t{index},format=raw,file=tree{index}.img"]
        pin = ",vectors=0" if bus in WITH_PINS else ""
        slot = ",addr=5" if bus in WITH_PINS else ""
        words += ["-device", f"virtio-blk-pci,drive=t{index},id=b{index},bus={bus},serial=on-{bus},"
                             f"disable-legacy=on{pin}{slot}"]
    return words


def make_disks(folder):
    for index in range(len(DISKS)):
        (folder / f"tree{index}.img").write_bytes(contents(index))


def contents(index):
    block = b"".join(hashlib.sha256(b"%d.%d" % (index, i)).digest() for i in range(16))
    return block * (DISK_KIB * 2)


def tree(bench):
    """A PCIe tree with switches, bridges and a second root: disks, INTx, lspci as QEMU's."""
    checks = bench.checks
    with bench.start(arguments(), make_disks) as vm:
        guest = Guest(vm.console)
        vm.qmp.negotiate()
        guest.wait_ready(180)
        names = guest.run("for d in /sys/block/vd*; do echo $(basename $d) $(cat $d/serial); done")
        words = [line.split() for line in names.splitlines()]
        found = {pair[1]: pair[0] for pair in words if len(pair) == 2}
        for index, bus in enumerate(DISKS):
            name = found.get(f"on-{bus}", "missing")
            checks.check(f"the disk on '{bus}' is there", name != "missing", names)
            digest = guest.run(f"sha256sum </dev/{name}", 60).split()[0]
            checks.equal(f"the disk on '{bus}' is readable", digest,
                         hashlib.sha256(contents(index)).hexdigest())
        pins(checks, guest, found)
        if not bench.oracle:  # there Linux grumbles at I/O windows that SeaBIOS reserves
            facts.healthy(checks, guest, "the tree")
        roots = guest.run("ls -d /sys/devices/pci*")
        checks.equal("there are two root buses", roots.split(),
                     ["/sys/devices/pci0000:00", "/sys/devices/pci0000:80"])
        text = guest.run("for f in /sys/bus/pci/devices/*; do echo function ${f##*/}; "
                         "od -A x -t x1 $f/config; done", 120)
        lspci(bench, text)
        if not bench.oracle:  # a root port of QEMU's says nothing of its own errors
            error(checks, guest, vm.qmp)
        guest.start("poweroff -f")
        vm.qmp.wait_event("SHUTDOWN", 60)
        checks.equal("the VMM ends with status 0", vm.wait(60), 0)


def pins(checks, guest, found):
    """The disks below conventional bridges interrupt by pin, through up to four bridges."""
    for bus in WITH_PINS:
        device = f"/sys/block/{found.get(f'on-{bus}', '')}/device"
        number = guest.run(f"cat {device}/../irq")
        line = guest.run(f"grep '^ *{number}:' /proc/interrupts || true")
        count = sum(int(word) for word in re.findall(r" (\d+)(?= )", line)[:2])
        checks.check(f"the disk on '{bus}' interrupts by its pin",
                     "IO-APIC" in line and count > 0, line)


def error(checks, guest, client):
    """A correctable error of a root port reaches the guest's log, with its name (bad TLP)."""
    said = client.command("human-monitor-command",
                          **{"command-line": "pcie_aer_inject_error root BAD_TLP"})
    checks.contains("the monitor reports the error for the port", said, "OK id: root")
    log = guest.run("for i in $(seq 50); do dmesg | grep -q BadTLP && break; sleep 0.1; done; "
                    "dmesg | grep -E 'AER|BadTLP' || true")
    checks.check("the guest logs one corrected error of the port",
                 "AER: Corrected error" in log and "BadTLP" in log, log)


def lspci(bench, text):
    """The dump, decoded on this host, differs from QEMU's in the named lines alone."""
    program = shutil.which("lspci", path="/usr/bin:/sbin:/usr/sbin:/bin")
    if not program:
        bench.checks.check("lspci is installed (package pciutils)", False, "run tools/setup")
        return
    dump = "\n".join(dump_lines(text))
    run = subprocess.run([program, "-n", "-vvv", "-F", "/dev/stdin"], input=dump, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    seen = list(normalised(run.stdout))
    if "BOOT_LSPCI" in os.environ:  # to make the golden files anew
        pathlib.Path(os.environ["BOOT_LSPCI"]).write_text("\n".join(seen) + "\n")
    wanted = (GOLDEN / "lspci-qemu.txt").read_text().splitlines()
    if bench.oracle:
        bench.checks.equal("lspci -vvv is what the golden file says of QEMU", seen, wanted)
        return
    changes = [line for line in difflib.unified_diff(wanted, seen, lineterm="", n=0)
               if not line.startswith(("---", "+++", "@@"))]
    named = (GOLDEN / "lspci-differences.txt").read_text().splitlines()
    named = [line for line in named if line and not line.startswith("#")]
    bench.checks.equal("lspci -vvv is QEMU's but for the named lines", changes, named)


def dump_lines(text):
    """`od`'s output, which leaves repeated lines out, as a dump that lspci -F reads."""
    blocks = re.split(r"^function (\S+)\s*$", text.replace("\r", ""), flags=re.M)[1:]
    for name, body in zip(blocks[::2], blocks[1::2]):
        yield f"{name} function"
        last, repeat_from = "", None
        for line in body.strip().splitlines():
            if line == "*":
                repeat_from = last
                continue
            words = line.split()
            offset = int(words[0], 16)
            if repeat_from:
                start, data = repeat_from
                yield from (f"{at:02x}: {data}" for at in range(start + 16, offset, 16))
                repeat_from = None
            if len(words) > 1:
                data = " ".join(words[1:])
                last = (offset, data)
                yield f"{offset:02x}: {data}"
        yield ""


def normalised(text):
    """Without what depends on firmware: addresses, bus numbers' windows, interrupt lines, and
    without the devices of the chipset, which are not the same."""
    for block in text.strip().split("\n\n"):
        if re.match(r"00:(1f|00|0[12])\.", block):
            continue
        upper_half = ""
        for line in block.splitlines():
            # The upper half of a 64-bit BAR, which lspci takes for a BAR where it is an odd number.
            if upper_half and line.startswith(upper_half):
                continue
            if "(64-bit" in line:
                upper_half = f"\tRegion {int(line.split()[1][0]) + 1}:"
            if re.match(r"\s(Region|I/O behind|Memory behind|Prefetchable memory behind)", line):
                line = re.sub(r"(at|bridge:) .*?(?=( \(|\[size|$))", r"\1 ...", line)
                line = re.sub(r"\[size=\w+\]( \[\d+-bit\])?$", "", line).rstrip()
            line = re.sub(r"routed to IRQ \d+", "routed to IRQ ...", line)
            line = re.sub(r"Address: \w+  Data: \w+", "Address: ...  Data: ...", line)
            yield line.rstrip()
        yield ""
