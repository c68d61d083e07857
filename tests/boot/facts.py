# SPDX-License-Identifier: Apache-2.0
"""What a stock Linux guest says about its machine, as checks that several scenarios share."""

import re

# Words of a kernel that has found something wrong, one extended regular expression a line; the
# guest has them too, as /guest/trouble.  "WARNING: See https://..." is excused: the kernel's remark
# about the processor model of the nested bench.
TROUBLE = r"""BUG:
WARNING: [^S]
Call Trace
[Ss]oft lockup
rcu:.*stall
blocked for more than
I/O error
EXT4-fs (error|warning)
ACPI (BIOS )?(Error|Warning)
ACPI: .*[Ff]ailed
Firmware Bug
can't claim
no compatible bridge window
not reserved
failed to assign
no space for
nobody cared
unexpected IRQ trap
not functional
timer doesn't work
"""
TROUBLE_FILE = "/guest/trouble"
# The lines of the kernel log that platform() and pci_express() look at, in the guest /guest/lines:
# the whole log takes seconds over a nested serial port.
LINES = r"""Linux version
Hypervisor detected
Using ACPI
ttyS0 at I/O
rtc_cmos
ACPI: PM:
PCI: MMCONFIG
_OSC:
ACPI: SRAT:
"""
LINES_FILE = "/guest/lines"
GUEST_FILES = {TROUBLE_FILE: TROUBLE, LINES_FILE: LINES}


def log_lines(guest):
    """The lines of the guest's kernel log for platform() and pci_express()."""
    return guest.run(f"dmesg | grep -Ef {LINES_FILE}")


def trouble_in(log):
    """The lines of a kernel log that tell of trouble."""
    pattern = re.compile("|".join(TROUBLE.split("\n")[:-1]))
    return [line for line in log.split("\n") if pattern.search(line)]


def healthy(checks, guest, when):
    """The guest's whole kernel log, debug level too, has none of the words of trouble."""
    lines = int(guest.run("dmesg | grep -c ."))
    checks.check(f"{when}: the kernel log is there", lines > 100, f"{lines} lines")
    found = guest.run(f"dmesg | grep -Ef {TROUBLE_FILE} || true")
    checks.equal(f"{when}: the kernel log has no sign of trouble", found, "")


def processors(checks, guest):
    checks.equal("the guest runs on 2 CPUs", guest.run("nproc"), "2")
    online = guest.run("cat /sys/devices/system/cpu/online")
    checks.equal("both CPUs are online", online, "0-1")
    # Each must really run something, not only be listed.
    ran = guest.run("for cpu in 0 1; do taskset $((1 << cpu)) sh -c 'cut -d\" \" -f39 "
                    "/proc/self/stat'; done").split()
    checks.equal("a process runs on each CPU", ran, ["0", "1"])


def pci_express(checks, guest, log):
    """The disk sits behind the root port, found through ACPI alone (PCI Firmware 3.3 §4.5.1)."""
    path = guest.run("readlink -f /sys/block/vda")
    found = re.search(r"/pci0000:00/(0000:00:\S+?)/(0000:01:00\.0)/virtio0/block/vda$", path)
    checks.check("the disk is bus 1, device 0 behind a port of bus 0", found, path)
    if not found:
        return
    port, disk = (f"/sys/bus/pci/devices/{name}" for name in found.groups())
    read = lambda name: guest.run(f"cat {name}")
    checks.equal("the port is a PCI-to-PCI bridge", read(f"{port}/class"), "0x060400")
    checks.equal("the port is QEMU's pcie-root-port",
                 (read(f"{port}/vendor"), read(f"{port}/device")), ("0x1b36", "0x000c"))
    checks.equal("the disk is a modern virtio block device",
                 (read(f"{disk}/vendor"), read(f"{disk}/device")), ("0x1af4", "0x1042"))
    checks.equal("the host bridge is the q35's",
                 (read("/sys/bus/pci/devices/0000:00:00.0/vendor"),
                  read("/sys/bus/pci/devices/0000:00:00.0/device")), ("0x8086", "0x29c0"))
    checks.equal("the LPC bridge is at 00:1f.0",
                 (read("/sys/bus/pci/devices/0000:00:1f.0/vendor"),
                  read("/sys/bus/pci/devices/0000:00:1f.0/device")), ("0x8086", "0x2918"))
    size = int(guest.run(f"stat -c %s {disk}/config"))
    checks.equal("the disk has 4096 bytes of configuration space", size, 4096)
    # ECAM is in use: without it the extended part reads as nothing.
    checks.check("the extended configuration space of the port can be read",
                 int(guest.run(f"head -c 4096 {port}/config | wc -c")) == 4096, "short read")
    checks.contains("ECAM comes from MCFG", log, "PCI: MMCONFIG for domain 0000 [bus 00-ff]")
    modes = set(guest.run(f"cat {disk}/msi_irqs/*").split())
    checks.equal("the disk uses MSI-X", modes, {"msix"})
    granted = re.search(r"_OSC: OS now controls \[(.*)\]", log)
    granted = set(granted.group(1).split()) if granted else set()
    # Hot-plug is ACPI's unless the machine says otherwise: the scenario hotplug-native.
    checks.check("_OSC grants AER and the capability structure",
                 {"AER", "PCIeCapability"} <= granted, granted)


def interrupts(checks, guest):
    """Completions came by MSI-X, the console by IRQ 4."""
    table = guest.run("cat /proc/interrupts")
    queues = re.findall(r"^ *\d+: +(\d+) +(\d+) +PCI-MSI \d+-edge +virtio0-req\.\d", table, re.M)
    count = sum(int(a) + int(b) for a, b in queues)
    checks.check("the disk's queues have interrupted", count > 0, table)
    serial = re.search(r"^ *4: +(\d+) +(\d+) +IO-APIC .*ttyS0", table, re.M)
    checks.check("the serial port interrupts on IRQ 4",
                 serial and int(serial.group(1)) + int(serial.group(2)) > 0, table)


def platform(checks, guest, log):
    """Found through ACPI or by probing, with no parameter but the console."""
    checks.equal("the kernel got one parameter", guest.run("cat /proc/cmdline"), "console=ttyS0")
    checks.contains("the kernel sees KVM", log, "Hypervisor detected: KVM")
    checks.contains("the CPUs come from the MADT", log, "Using ACPI (MADT) for SMP configuration")
    checks.check("the serial port is a 16550A at 0x3f8",
                 re.search(r"ttyS0 at I/O 0x3f8 \(irq = 4.*16550A", log), "not in the log")
    checks.check("the clock of the board was found",
                 re.search(r"rtc_cmos .*registered as rtc0", log), "no rtc_cmos in the log")
    checks.contains("S5 is among the sleep states",
                    "".join(re.findall(r"ACPI: PM: \(supports (.*)\)", log)), "S5")
    names = guest.run("cat /sys/class/input/input*/name")
    checks.contains("there is a power button", names, "Power Button")
    board_time = int(guest.run("cat /sys/class/rtc/rtc0/since_epoch"))
    seconds = abs(int(guest.run("date +%s")) - board_time)
    checks.check("the board's clock and the system's agree", seconds <= 2, f"{seconds} s apart")


# Of the usual machine: its two processors, each in a socket of its own as Linux wants them on two
# nodes, its RAM, half and half, and room for more.
TWO_NODES = """
    -smp 2,sockets=2,cores=1
    -m 256,slots=2,maxmem=1G
    -object memory-backend-memfd,id=near,size=128M,share=on,prealloc=on
    -object memory-backend-memfd,id=far,size=128M,share=on
    -numa node,nodeid=0,cpus=0,memdev=near -numa node,nodeid=1,cpus=1,memdev=far
    -numa dist,src=0,dst=1,val=21
""".split()


def nodes(checks, guest, log):
    """What the SRAT and the SLIT say of TWO_NODES has reached the kernel."""
    folder = "/sys/devices/system/node"
    checks.equal("the guest has two nodes", guest.run(f"cat {folder}/online"), "0-1")
    for node, distances in enumerate(("10 21", "21 10")):
        checks.equal(f"node {node} has its processor",
                     guest.run(f"cat {folder}/node{node}/cpulist"), str(node))
        checks.equal(f"node {node} knows the distances",
                     guest.run(f"cat {folder}/node{node}/distance"), distances)
        total = guest.run(f"grep MemTotal {folder}/node{node}/meminfo")
        kib = int(total.split()[3])
        # The kernel and the initial file system take theirs first.
        checks.check(f"node {node} has its RAM", 32 * 1024 < kib <= 128 * 1024, total)
    checks.check("the kernel knows where memory may be plugged in",
                 re.search(r"SRAT: Node 1 PXM 1 \[mem 0x100000000-.*\] hotplug", log),
                 "no such range in the log")
