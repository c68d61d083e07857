# SPDX-License-Identifier: Apache-2.0
"""The boot tier's scenario of a disk whose queues are packed."""

import facts
import images
from guest import Guest

IMAGE = "packed.img"
IMAGE_MIB = 64
FILE_MIB = 4
RING_PACKED = 34  # VIRTIO_F_RING_PACKED


def packed(bench):
    """A second disk with packed=on: the stock driver takes it, and what it wrote it reads."""
    checks = bench.checks
    arguments = ["-drive", f"if=none,id=disk1,format=raw,file={IMAGE}",
                 "-device", "pcie-root-port,id=port1,slot=2",
                 "-device", "virtio-blk-pci,id=virtio1,drive=disk1,bus=port1,packed=on"]
    with bench.start(arguments, lambda folder: images.make_ext4(folder / IMAGE, IMAGE_MIB)) as vm:
        guest = Guest(vm.console)
        vm.qmp.negotiate()
        guest.wait_ready(120)
        for disk, expected in (("vda", "0"), ("vdb", "1")):
            features = guest.run(f"cat /sys/block/{disk}/device/features")
            checks.equal(f"{disk} has or has not packed queues", features[RING_PACKED], expected)
        write_and_verify(checks, guest)
        guest.start("sync; reboot -f")
        vm.qmp.wait_event("RESET", 60)
        guest.wait_ready(120)
        guest.run("mount -t ext4 /dev/vdb /mnt && cd /mnt")
        checks.equal("the files are the same after the reboot",
                     guest.run("sha256sum -c /mnt/sums >/dev/null 2>&1; echo $?"), "0")
        guest.run("cd /; umount /mnt")
        facts.healthy(checks, guest, "packed disk")
        guest.start("poweroff -f")
        vm.qmp.wait_event("SHUTDOWN", 60)
        checks.equal("the VMM ends with status 0", vm.wait(60), 0)
    checks.equal("the VMM wrote nothing to stderr", vm.errors, "")


def write_and_verify(checks, guest):
    """Files by way of the cache and past it, both copied between the two disks."""
    guest.run("mount -t ext4 /dev/vdb /mnt && cd /mnt")
    guest.run(f"dd if=/dev/urandom of=random bs=1M count={FILE_MIB} 2>/dev/null")
    # The shell has other children, which never end.
    guest.run("writers=; for i in 1 2 3 4; do dd if=random of=part$i bs=$((i * 4))k oflag=direct "
              "2>/dev/null & writers=\"$writers $!\"; done; wait $writers", 120)
    guest.run("sha256sum random part1 part2 part3 part4 >sums; sync; "
              "echo 3 >/proc/sys/vm/drop_caches")
    checks.equal("what was read back is what was written",
                 guest.run("sha256sum -c sums >/dev/null 2>&1; echo $?"), "0")
    checks.equal("what went past the cache is the same",
                 guest.run("sort sums | cut -d' ' -f1 | uniq | wc -l").strip(), "1")
    guest.run("dd if=/dev/vdb of=/dev/null bs=1M iflag=direct 2>/dev/null", 120)
    guest.run("cd /")
