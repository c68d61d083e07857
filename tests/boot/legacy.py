# SPDX-License-Identifier: Apache-2.0
"""The boot tier's scenario of disks that a stock kernel uses by the legacy interface."""

import facts
import images
from guest import Guest

IMAGE_MIB = 64
FILE_MIB = 4
VERSION_1 = 32  # VIRTIO_F_VERSION_1
# Where each is, and whether the stock driver finds the modern interface there.
DISKS = {"alone": ("disable-modern=on", "0"), "behind": ("bus=br,addr=1,disable-modern=on", "0"),
         "both": ("bus=br,addr=2", "1")}


def legacy(bench):
    """Disks without the modern interface, on the root and behind a bridge: files, a reboot."""
    checks = bench.checks
    arguments = ["-device", "pcie-pci-bridge,id=br"]
    for name, (where, _) in DISKS.items():
        arguments += ["-drive", f"if=none,id={name},format=raw,file={name}.img",
                      "-device", f"virtio-blk-pci,id=v-{name},drive={name},serial={name},{where}"]
    arguments += ["-device", "virtio-scsi-pci,id=host,disable-modern=on",
                  "-drive", "if=none,id=scsi,format=raw,file=scsi.img",
                  "-device", "scsi-hd,bus=host.0,drive=scsi"]

    def make_disks(folder):
        for name in [*DISKS, "scsi"]:
            images.make_ext4(folder / f"{name}.img", IMAGE_MIB)

    with bench.start(arguments, make_disks) as vm:
        guest = Guest(vm.console)
        vm.qmp.negotiate()
        guest.wait_ready(120)
        found = disks(guest)
        for name, (_, modern) in DISKS.items():
            device = f"/sys/block/{found.get(name, 'missing')}/device"
            checks.equal(f"the disk '{name}' is used by that interface",
                         guest.run(f"cat {device}/features")[VERSION_1], modern)
            checks.equal(f"the disk '{name}' is a transitional device",
                         guest.run(f"cat {device}/../device"), "0x1001")
        for name in DISKS:
            write_and_verify(checks, guest, name, found[name])
        host = guest.run("readlink -f /sys/block/sda/device | sed 's,/host.*,,'")
        checks.equal("the SCSI host is used by the legacy interface",
                     guest.run(f"cat {host}/features")[VERSION_1], "0")
        checks.equal("the SCSI host is a transitional device",
                     guest.run(f"cat {host}/../device"), "0x1004")
        write_and_verify(checks, guest, "scsi", "sda")
        table = guest.run("grep virtio /proc/interrupts")
        checks.check("they interrupt by MSI-X", table.count("PCI-MSI") >= 2 * len(DISKS), table)
        guest.start("sync; reboot -f")
        vm.qmp.wait_event("RESET", 60)
        guest.wait_ready(120)
        found = disks(guest)
        for name, disk in [*found.items(), ("scsi", "sda")]:
            guest.run(f"mount -t ext4 /dev/{disk} /mnt && cd /mnt")
            checks.equal(f"the files on '{name}' are the same after the reboot",
                         guest.run("sha256sum -c sums >/dev/null 2>&1; echo $?"), "0")
            guest.run("cd /; umount /mnt")
        facts.healthy(checks, guest, "legacy disks")
        guest.start("poweroff -f")
        vm.qmp.wait_event("SHUTDOWN", 60)
        checks.equal("the VMM ends with status 0", vm.wait(60), 0)
    checks.equal("the VMM wrote nothing to stderr", vm.errors, "")


def disks(guest):
    """The guest's names of the disks, by their serial numbers."""
    lines = guest.run("for d in /sys/block/vd*; do echo $(basename $d) $(cat $d/serial); done")
    words = [line.split() for line in lines.splitlines()]
    return {pair[1]: pair[0] for pair in words if len(pair) == 2}


def write_and_verify(checks, guest, name, disk):
    """Files by way of the cache and past it, read back from the disk."""
    guest.run(f"mount -t ext4 /dev/{disk} /mnt && cd /mnt")
    guest.run(f"dd if=/dev/urandom of=random bs=1M count={FILE_MIB} 2>/dev/null")
    guest.run("dd if=random of=direct bs=64k oflag=direct 2>/dev/null", 120)
    guest.run("sha256sum random direct >sums; sync; echo 3 >/proc/sys/vm/drop_caches")
    checks.equal(f"what was read back from '{name}' is what was written",
                 guest.run("sha256sum -c sums >/dev/null 2>&1; echo $?"), "0")
    checks.equal(f"what went past the cache to '{name}' is the same",
                 guest.run("cut -d' ' -f1 sums | uniq | wc -l").strip(), "1")
    guest.run("cd /; umount /mnt")
