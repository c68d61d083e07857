# SPDX-License-Identifier: Apache-2.0
"""The boot tier's scenario of a stock guest that treats its disks badly while it uses them."""

import facts
import images
from guest import Guest

IMAGE_MIB = 64
FILE_MIB = 1
FIXED_BYTES = 1024 * 1024
SWITCHES = 200
POISONS = 2  # each takes dozens of programs
# virtio 1.2 §4.1.4.9: the window in configuration space, and registers that it reaches.
WINDOW_BAR, WINDOW_OFFSET, WINDOW_LENGTH, WINDOW_DATA = 4, 8, 12, 16
QUEUE_SELECT, QUEUE_SIZE, QUEUE_ENABLE, QUEUE_DESCRIPTORS = 22, 24, 28, 32
MODERN_BAR = 4


def prepare(folder):
    """A disk with a file system, one that may not be written, and one of plain bytes."""
    images.make_ext4(folder / "rough.img", IMAGE_MIB)
    (folder / "fixed.img").write_bytes(bytes(range(256)) * (FIXED_BYTES // 256))
    (folder / "plain.img").write_bytes(bytes(FIXED_BYTES))


def abuse(bench):
    """Caches switched and queues poisoned under I/O, discards, a read-only disk, a false header."""
    checks = bench.checks
    arguments = []
    for number, (name, drive) in enumerate((("rough", ",discard=unmap"), ("fixed", ",readonly=on"),
                                            ("plain", "")), 1):
        arguments += ["-drive", f"if=none,id=d{number},format=raw,file={name}.img{drive}",
                      "-device", f"pcie-root-port,id=more{number},slot={10 + number}",
                      "-device", f"virtio-blk-pci,drive=d{number},bus=more{number}"]
    with bench.start(arguments, prepare) as vm:
        guest = Guest(vm.console)
        vm.qmp.negotiate()
        guest.wait_ready(120)
        guest.run("mount -t ext4 -o discard /dev/vdb /mnt && cd /mnt")
        guest.run(f"dd if=/dev/urandom of=random bs=1M count={FILE_MIB} 2>/dev/null; sync")
        switch_cache(checks, guest)
        poison_queue(checks, guest)
        discard(checks, guest)
        guest.run("cd /; umount /mnt")
        read_only(checks, guest)
        two_queues(checks, guest)
        false_header(checks, guest, vm)
        facts.healthy(checks, guest, "abuse")
        guest.start("poweroff -f")
        vm.qmp.wait_event("SHUTDOWN", 60)
        checks.equal("the VMM ends with status 0", vm.wait(60), 0)
    checks.equal("the VMM wrote nothing to stderr", vm.errors, "")


def write_beside(guest, name, times, work):
    """Runs `work` so often, at least, while a copy of the random file is written past the cache."""
    guest.run(f"(dd if=random of={name} bs=16k oflag=direct 2>/dev/null; echo >/tmp/{name}) & "
              f"n=0; while [ ! -e /tmp/{name} ] || [ $n -lt {times} ]; "
              f"do n=$((n+1)); {work}; done", 120)


def same(guest, name):
    return guest.run(f"sync; echo 3 >/proc/sys/vm/drop_caches; cmp random {name}; echo $?")


def switch_cache(checks, guest):
    """T15."""
    cache = "/sys/block/vdb/cache_type"
    checks.equal("T15: the disk's cache may be switched", guest.run(f"cat {cache}"), "write back")
    write_beside(guest, "switched", SWITCHES,
                 f"echo 'write through' >{cache}; echo 'write back' >{cache}")
    checks.equal("T15: what was written meanwhile is whole", same(guest, "switched"), "0")


def poison_queue(checks, guest):
    """T01: queue registers written through configuration space while the driver uses them."""
    config = "$(readlink -f /sys/block/vdb/device/..)/config"
    # The capability of type 5: each is its identity, the next one's place, length and type.
    guest.run(f"cp {config} /tmp/config; byte() {{ od -An -tu1 -j$1 -N1 /tmp/config | tr -d ' '; "
              "}; at=$(byte 52); until [ $(byte $at) = 9 ] && [ $(byte $((at+3))) = 5 ]; "
              "do at=$(byte $((at+1))); done")
    guest.run("put() { printf \"$2\" | dd of=" + config + " bs=4 seek=$(((at+$1)/4)) conv=notrunc "
              "2>/dev/null; }; get() { dd if=" + config + " bs=4 skip=$(((at+16)/4)) count=1 "
              "2>/dev/null | od -An -tx4 | tr -d ' '; }")

    def window(offset, length):
        return (f"put {WINDOW_OFFSET} '\\{offset:03o}\\0\\0\\0'; "
                f"put {WINDOW_LENGTH} '\\{length:03o}\\0\\0\\0'")

    def write(offset, length, byte):
        return f"{window(offset, length)}; put {WINDOW_DATA} '" + f"\\{byte:03o}" * 4 + "'"

    def read(offset, length):
        return guest.run(f"{window(offset, length)}; get")

    guest.run(f"put {WINDOW_BAR} '\\{MODERN_BAR:03o}\\0\\0\\0'; {write(QUEUE_SELECT, 2, 0)}")
    registers = ((QUEUE_SIZE, 2), (QUEUE_ENABLE, 2), (QUEUE_DESCRIPTORS, 4))
    before = [read(*register) for register in registers]
    checks.equal("T01: the window shows an enabled queue", before[1], "00000001")
    poison = "; ".join(write(offset, length, byte)
                       for offset, length in registers for byte in (0, 0o377))
    write_beside(guest, "poisoned", POISONS, poison)
    checks.equal("T01: its registers are as they were", [read(*register) for register in registers],
                 before)
    checks.equal("T01: what was written meanwhile is whole", same(guest, "poisoned"), "0")


def discard(checks, guest):
    """B03: what is discarded is not what is kept."""
    guest.run("cp random gone; cp random kept; sync; rm gone; sync; fstrim /mnt")
    checks.equal("B03: a file beside discarded ones is whole", same(guest, "kept"), "0")


def read_only(checks, guest):
    """B04."""
    before = guest.run("sha256sum </dev/vdc")
    checks.equal("B04: the disk is known to be read-only", guest.run("blockdev --getro /dev/vdc"),
                 "1")
    guest.run("blockdev --setrw /dev/vdc 2>/dev/null; "
              "! dd if=/dev/zero of=/dev/vdc bs=4k count=1 oflag=direct 2>/dev/null")
    guest.run("sync; blockdev --flushbufs /dev/vdc")
    checks.equal("B04: it reads as before", guest.run("sha256sum </dev/vdc"), before)


def two_queues(checks, guest):
    """B10: two processors write the same blocks; each is of one of them, whole."""
    guest.run("for i in 1 2; do yes $i | tr -d '\\n' | head -c 262144 >/tmp/of$i; done; "
              "writers=; for i in 1 2; do (n=0; while [ $n -lt 4 ]; do n=$((n+1)); "
              "taskset $i dd if=/tmp/of$i of=/dev/vdd bs=64k oflag=direct 2>/dev/null; done) & "
              "writers=\"$writers $!\"; done; wait $writers", 120)
    blocks = guest.run("dd if=/dev/vdd bs=64k count=4 iflag=direct 2>/dev/null | fold -w 512 | "
                       "sort -u | cut -c1-3 | tr '\\n' ' '")
    checks.check("B10: each sector is of one writer, whole", set(blocks.split()) <= {"111", "222"}
                 and blocks.count(" ") <= 2, blocks)


def false_header(checks, guest, vm):
    """B12: a raw disk that says it is a qcow2 image with a backing file stays raw."""
    guest.run("printf 'QFI\\373\\0\\0\\0\\3\\0\\0\\0\\0\\0\\0\\0\\110\\0\\0\\0\\014/etc/passwd' | "
              "dd of=/dev/vdd conv=fsync 2>/dev/null; dd if=/dev/vdd bs=512 count=1 2>/dev/null | "
              "sha256sum >/tmp/header")
    header = guest.run("cat /tmp/header")
    guest.start("sync; reboot -f")
    vm.qmp.wait_event("RESET", 60)
    guest.wait_ready(120)
    checks.equal("B12: the disk has its size after a reboot",
                 guest.run("blockdev --getsize64 /dev/vdd"), str(FIXED_BYTES))
    checks.equal("B12: and its first sector as it was written",
                 guest.run("dd if=/dev/vdd bs=512 count=1 2>/dev/null | sha256sum"), header)
