# SPDX-License-Identifier: Apache-2.0
"""The scenarios of the boot tier.  Each takes a Bench (run) and starts its own machines."""

import hashlib
import shutil
import subprocess
import time

import abuse
import facts
import host_errors
import hotplug
import images
import legacy
import packed
import pci_tree
import power_cut
import scsi
import verified_load
from guest import Guest
from qmp import QmpError

FILE_MIB = 8
# Between two lines of the guest's ticker (0.1 s each) on a busy machine.
TICK_LIMIT_S = 30
SILENCE_S = 1.5


def disk(bench):
    """Mount, write, sync, read back, reboot, look again, power off; then the host looks."""
    checks = bench.checks
    with bench.start() as vm:
        guest = Guest(vm.console)
        vm.qmp.negotiate()
        guest.wait_ready(120)
        facts.processors(checks, guest)
        guest.run("mount -t ext4 /dev/vda /mnt")
        guest.run(f"dd if=/dev/urandom of=/mnt/random bs=1M count={FILE_MIB} 2>/dev/null")
        guest.run("mkdir /mnt/many; for i in $(seq 50); do echo $i >/mnt/many/$i; done")
        written = guest.run("sha256sum </mnt/random").split()[0]
        guest.run("sync; echo 3 >/proc/sys/vm/drop_caches")
        read_back = guest.run("sha256sum </mnt/random").split()[0]
        checks.equal("what was read back is what was written", read_back, written)
        guest.run("dd if=/dev/vda of=/dev/null bs=1M iflag=direct 2>/dev/null", 120)
        facts.interrupts(checks, guest)
        facts.healthy(checks, guest, "first boot")
        log = facts.log_lines(guest)
        facts.platform(checks, guest, log)
        facts.pci_express(checks, guest, log)

        # Without umount: the journal must bring the file system back.
        guest.start("sync; reboot -f")
        reset = vm.qmp.wait_event("RESET", 60)
        checks.equal("RESET says that the guest asked for it", reset["data"],
                     {"guest": True, "reason": "guest-reset"})
        guest.wait_ready(120)
        guest.run("mount -t ext4 /dev/vda /mnt")
        checks.equal("the file is the same after the reboot",
                     guest.run("sha256sum </mnt/random").split()[0], written)
        checks.equal("the guest runs on 2 CPUs after the reboot", guest.run("nproc"), "2")
        guest.run("echo second boot >/mnt/second; dmesg >/mnt/dmesg; sync; umount /mnt")

        guest.start("poweroff -f")
        shutdown = vm.qmp.wait_event("SHUTDOWN", 60)
        checks.equal("SHUTDOWN says that the guest asked for it", shutdown["data"],
                     {"guest": True, "reason": "guest-shutdown"})
        checks.equal("the VMM ends with status 0", vm.wait(60), 0)
        events(bench, vm, ["RESET", "SHUTDOWN"])
    checks.equal("the VMM wrote nothing to stderr", vm.errors, "")
    host_side(checks, vm, written)


def events(bench, vm, wanted):
    """All events of the run, in their order."""
    names = vm.qmp.event_names()
    if bench.oracle:
        # SeaBIOS answers a reset by the guest with another one, so QEMU may report two.
        names = [name for i, name in enumerate(names) if name != "RESET" or name not in names[:i]]
    bench.checks.equal("these events and no others came, in this order", names, wanted)
    stamps = [(event["timestamp"]["seconds"], event["timestamp"]["microseconds"])
              for event in vm.qmp.events]
    bench.checks.equal("the events' timestamps do not go back", stamps, sorted(stamps))


def host_side(checks, vm, written):
    """The image, without the guest: a clean file system with the guest's files in it."""
    check = subprocess.run([images.e2fs_tool("e2fsck"), "-fn", vm.disk], stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    checks.check("e2fsck finds nothing", check.returncode == 0, check.stdout)
    copy = vm.disk.with_name("copy")

    def contents(name):
        return copy.read_bytes() if images.read_ext4(vm.disk, name, copy) else None

    random = contents("/random") or b""
    checks.equal("the file has its size on the host", len(random), FILE_MIB * 2**20)
    checks.equal("the file has its contents on the host", hashlib.sha256(random).hexdigest(),
                 written)
    small = [contents(f"/many/{i}") for i in range(1, 51)]
    checks.equal("fifty small files have theirs", small, [b"%d\n" % i for i in range(1, 51)])
    checks.equal("what the second boot wrote is there", contents("/second"), b"second boot\n")
    log = (contents("/dmesg") or b"").decode("utf-8", "replace")
    checks.contains("the kernel log of the second boot is there", log, "Linux version")
    checks.equal("the kernel log on the disk has no sign of trouble", facts.trouble_in(log), [])


def qmp(bench):
    """Steered over QMP: queries, stop, cont, and the power button ends it."""
    checks = bench.checks
    with bench.start(["-name", "bench"]) as vm:
        guest = Guest(vm.console)
        greeting = vm.qmp.negotiate()
        version = greeting["QMP"]["version"]["qemu"]
        checks.equal("the greeting follows QEMU 7.2", (version["major"], version["minor"]), (7, 2))
        guest.wait_ready(120)
        queries(checks, vm.qmp)

        guest.start("while :; do echo tick; sleep 0.1; done")
        vm.console.expect(rb"tick", TICK_LIMIT_S)
        before = len(vm.qmp.events)
        vm.qmp.command("stop")
        checks.equal("STOP came before the reply to stop", vm.qmp.event_names()[before:], ["STOP"])
        status = vm.qmp.command("query-status")
        checks.equal("the VM is paused", (status["status"], status["running"]), ("paused", False))
        time.sleep(0.5)  # what was on its way to the host
        quiet_from = len(vm.console.text())
        time.sleep(SILENCE_S)
        checks.equal("a paused guest is silent", vm.console.text()[quiet_from:], "")
        vm.console.skip()
        vm.qmp.command("cont")
        checks.equal("RESUME came before the reply to cont", vm.qmp.event_names()[before:],
                     ["STOP", "RESUME"])
        vm.console.expect(rb"tick", TICK_LIMIT_S)
        checks.check("the guest goes on after cont", True)
        checks.equal("the VM is running", vm.qmp.command("query-status")["status"], "running")

        vm.qmp.command("system_powerdown")
        vm.console.expect(rb"siskin-guest: power button", 60)
        checks.check("the guest saw its power button", True)
        shutdown = vm.qmp.wait_event("SHUTDOWN", 60)
        checks.equal("SHUTDOWN says that the guest asked for it", shutdown["data"],
                     {"guest": True, "reason": "guest-shutdown"})
        checks.equal("the VMM ends with status 0", vm.wait(60), 0)
        events(bench, vm, ["STOP", "RESUME", "POWERDOWN", "SHUTDOWN"])
    checks.equal("the VMM wrote nothing to stderr", vm.errors, "")


def queries(checks, client):
    status = client.command("query-status")
    checks.equal("the VM is running", (status["status"], status["running"]), ("running", True))
    checks.equal("it has its name", client.command("query-name"), {"name": "bench"})
    checks.equal("KVM is there and in use", client.command("query-kvm"),
                 {"enabled": True, "present": True})
    version = client.command("query-version")
    checks.equal("query-version agrees with the greeting", version,
                 client.greeting["QMP"]["version"])
    cpus = client.command("query-cpus-fast")
    checks.equal("there are two CPUs", [cpu["cpu-index"] for cpu in cpus], [0, 1])
    checks.check("each on its own thread", len({cpu["thread-id"] for cpu in cpus}) == 2, cpus)
    blocks = {block["device"]: block for block in client.command("query-block")}
    checks.check("the disk is among the block devices", "disk0" in blocks, list(blocks))
    inserted = blocks.get("disk0", {}).get("inserted", {})
    checks.equal("its file, its driver and that it can be written",
                 (inserted.get("file"), inserted.get("drv"), inserted.get("ro")),
                 ("disk.img", "raw", False))
    buses = client.command("query-pci")
    checks.equal("there is one PCI root bus", [bus["bus"] for bus in buses], [0])
    ports = [device for device in buses[0]["devices"] if "pci_bridge" in device
             and device["qdev_id"] == "port0"]
    checks.equal("the root port has bus 1 below it",
                 [port["pci_bridge"]["bus"]["secondary"] for port in ports], [1])
    below = ports[0]["pci_bridge"].get("devices", []) if ports else []
    checks.equal("the disk is 1af4:1042 there",
                 [(device["bus"], device["slot"], device["id"]["vendor"], device["id"]["device"],
                   device["qdev_id"]) for device in below], [(1, 0, 0x1AF4, 0x1042, "virtio0")])
    commands = {command["name"] for command in client.command("query-commands")}
    checks.check("query-commands lists what was just used",
                 {"query-pci", "stop", "cont", "quit", "system_powerdown"} <= commands, commands)
    schema = client.command("query-qmp-schema")
    named = {entry["name"] for entry in schema if entry["meta-type"] == "command"}
    checks.equal("query-qmp-schema has the same commands", sorted(named), sorted(commands))
    refused = None
    try:
        client.command("no-such-command")
    except QmpError as error:
        refused = error.error_class
    checks.equal("an unknown command is CommandNotFound", refused, "CommandNotFound")


def reset(bench):
    """Started paused with -S; system_reset in the middle of the run; quit."""
    checks = bench.checks
    with bench.start(["-S"]) as vm:
        guest = Guest(vm.console)
        vm.qmp.negotiate()
        status = vm.qmp.command("query-status")
        checks.equal("-S waits in prelaunch", (status["status"], status["running"]),
                     ("prelaunch", False))
        time.sleep(SILENCE_S)
        checks.equal("nothing runs before cont", vm.console.text(), "")
        vm.qmp.command("cont")
        guest.wait_ready(120)
        first_boot = guest.run("cat /proc/sys/kernel/random/boot_id")
        guest.run("mount -t ext4 /dev/vda /mnt; echo before >/mnt/before; sync")
        # The reset falls into the middle of writes, with requests on their way.
        guest.start("while :; do dd if=/dev/zero of=/mnt/fill bs=64k count=64 conv=fsync; done")
        vm.console.expect(rb"records out", 30)
        vm.qmp.command("system_reset")
        event = vm.qmp.wait_event("RESET", 30)
        checks.equal("RESET says that the client asked for it", event["data"],
                     {"guest": False, "reason": "host-qmp-system-reset"})
        guest.wait_ready(120)
        checks.check("the guest booted afresh",
                     guest.run("cat /proc/sys/kernel/random/boot_id") != first_boot, first_boot)
        guest.run("mount -t ext4 /dev/vda /mnt")
        checks.equal("synced data survived the reset", guest.run("cat /mnt/before"), "before")
        guest.run("umount /mnt")
        facts.healthy(checks, guest, "after system_reset")
        vm.qmp.command("quit")
        event = vm.qmp.wait_event("SHUTDOWN", 30)
        checks.equal("SHUTDOWN says that the client asked for it", event["data"],
                     {"guest": False, "reason": "host-qmp-quit"})
        checks.equal("the VMM ends with status 0", vm.wait(60), 0)
        events(bench, vm, ["RESUME", "RESET", "SHUTDOWN"])
    checks.equal("the VMM wrote nothing to stderr", vm.errors, "")
    check = subprocess.run([images.e2fs_tool("e2fsck"), "-fn", vm.disk], stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    checks.check("e2fsck finds nothing", check.returncode == 0, check.stdout)


def pvh(bench):
    """The same kernel as an ELF file with a PVH note, on two NUMA nodes; -no-reboot."""
    checks = bench.checks

    def use_elf(folder):
        shutil.copy(bench.kernel.elf_image(), folder / "vmlinuz")

    with bench.start(["-no-reboot", *facts.TWO_NODES], use_elf) as vm:
        guest = Guest(vm.console)
        vm.qmp.negotiate()
        guest.wait_ready(120)
        facts.processors(checks, guest)
        facts.healthy(checks, guest, "PVH boot")
        log = facts.log_lines(guest)
        facts.platform(checks, guest, log)
        facts.nodes(checks, guest, log)
        guest.run("mount /dev/vda /mnt; echo pvh >/mnt/pvh; umount /mnt")
        guest.start("reboot -f")
        shutdown = vm.qmp.wait_event("SHUTDOWN", 60)
        checks.equal("-no-reboot turns the guest's reset into the end", shutdown["data"],
                     {"guest": True, "reason": "guest-reset"})
        checks.equal("the VMM ends with status 0", vm.wait(60), 0)
        checks.equal("there was no RESET", [name for name in vm.qmp.event_names()
                                            if name != "SHUTDOWN"], [])
    checks.equal("the VMM wrote nothing to stderr", vm.errors, "")


ALL = {"disk": disk, "qmp": qmp, "reset": reset, "pvh": pvh, "tree": pci_tree.tree,
       "hotplug": hotplug.by_acpi, "hotplug-native": hotplug.by_slot,
       "hotplug-boot": hotplug.while_booting, "packed": packed.packed, "scsi": scsi.scsi,
       "legacy": legacy.legacy, "fio": verified_load.verified_load,
       "power-cut": power_cut.power_cut, "abuse": abuse.abuse,
       "host-errors": host_errors.host_errors}
