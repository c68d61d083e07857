# SPDX-License-Identifier: Apache-2.0
"""One virtual machine under siskin: on this host's KVM, or nested, with the same command line."""

import os
import pathlib
import pty
import shlex
import shutil
import socket
import subprocess
import threading
import time
import tty

import images
from channel import Channel
from l1 import L1, die_with_parent
from patience import patient
from qmp import Qmp

DISK_MIB = 64
SOCKET = "qmp.sock"
# The stock kernel gets no parameter but the console: everything else it must find by itself.
ARGUMENTS = f"""
    -M q35 -accel kvm -cpu host -smp 2 -m 256 -nodefaults -no-user-config -display none
    -kernel vmlinuz -initrd initrd.img -append console=ttyS0
    -drive if=none,id=disk0,format=raw,file=disk.img
    -device pcie-root-port,id=port0,slot=1 -device virtio-blk-pci,id=virtio0,drive=disk0,bus=port0
    -serial stdio -qmp unix:{SOCKET},server=on,wait=off
""".split()
# Prints how many descriptors and threads the VMM has, every two seconds.
COUNT = """while usleep 2000000; do
    pid=$(pidof {name}) &&
        echo "vmm-has: $(ls /proc/$pid/fd | wc -l) $(ls /proc/$pid/task | wc -l)"
done &
counter=$!
"""
# QEMU's q35 keeps PCIe hot-plug to itself unless told otherwise; siskin always grants it.
QEMU_ONLY = ["-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off"]


# QEMU's remark on a guest with more processors than L1 has.
QEMU_NOISE = "exceeds the recommended cpus supported by KVM"


def is_qemu(binary):
    return pathlib.Path(binary).name.startswith("qemu-system-")


def arguments_for(binary, extra=()):
    return [*ARGUMENTS, *(QEMU_ONLY if is_qemu(binary) else []), *extra]


def make_folder(folder, kernel, initrd):
    """The working directory of the VMM: vmlinuz, initrd.img, and disk.img with an empty ext4."""
    folder.mkdir(parents=True)
    shutil.copy(kernel.image, folder / "vmlinuz")
    shutil.copy(initrd, folder / "initrd.img")
    images.make_ext4(folder / "disk.img", DISK_MIB)


class NestedVm:
    """The VMM runs in L1.  `console` is a Channel, `qmp` a client of its monitor."""

    where = "nested"

    def __init__(self, kernel, binary, arguments, folder, limit_s, on_line=None, counted=False,
                 host_disks=(), host_setup=""):
        binary = pathlib.Path(binary)
        self._folder = folder
        self.disk = folder.parent / "disk-after.img"
        self.errors = ""
        # The terminal of the VMM is L1's ttyS1, its monitor is relayed to a virtio port.
        (folder / "job.sh").write_text(
            f"""stty -F /dev/ttyS1 raw -echo -onlcr
socat /dev/vport0p1 UNIX-CONNECT:{SOCKET},retry=600,interval=0.05 2>/dev/null &
relay=$!
{COUNT.format(name=binary.name) if counted else "counter="}
{host_setup}
{shlex.join([binary.name, *arguments])} <>/dev/ttyS1 >&0 2>errors.log
status=$?
kill $relay $counter 2>/dev/null
sed 's/^/vmm: /' errors.log
exit $status
"""
        )
        root = images.l1_root(kernel, [binary, shutil.which("socat") or "/usr/bin/socat"])
        self._l1 = L1(root, kernel, folder, folder.parent, limit_s, on_line, host_disks)
        try:
            self._l1.wait_ready()
        except BaseException:
            self._l1.end()
            raise
        self.console = self._l1.terminal
        self.qmp = Qmp(self._l1.port.dup())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def wait(self, timeout_s=30):
        """The VMM's exit status."""
        return self._l1.wait_job(timeout_s)

    def alive(self):
        return self._l1.alive()

    def standing_still(self):
        return self._l1.standing_still()

    def cut_power(self):
        self._l1.cut_power()

    def counts(self, timeout_s=60):
        """The VMM's descriptors and threads now; for a VM that is counted."""
        self._l1.console.skip()
        for _ in range(2):  # the first may have been on its way
            found = self._l1.console.expect(rb"vmm-has: (\d+) (\d+)", timeout_s)
        return tuple(int(number) for number in found.groups())

    def timed_out(self):
        return self._l1.timed_out

    def end(self):
        """Afterwards `disk` is the guest's disk and `errors` what the VMM wrote to stderr."""
        self._l1.end()
        self.qmp.close()
        lines = self._l1.console.text().split("\n")
        self.errors = "\n".join(line[5:] for line in lines
                                if line.startswith("vmm: ") and QEMU_NOISE not in line)
        self.l1_log = "\n".join([*lines, *self._l1.qemu_words()])
        self._l1.fetch("disk.img", self.disk)

    def image(self, name):
        """After the end: where another file of the VMM's folder is on this host."""
        path = self._folder.parent / f"after-{name}"
        self._l1.fetch(name, path)
        return path


class NativeVm:
    """The VMM runs on this host, its terminal is a pty.  The interface of NestedVm."""

    where = "native"

    def __init__(self, kernel, binary, arguments, folder, limit_s, on_line=None, counted=False,
                 host_disks=(), host_setup=""):
        del kernel, on_line, counted
        if host_disks or host_setup:
            raise ValueError("this host is left as it is: only L1 is not")
        self._folder = folder
        self.disk = folder / "disk.img"
        self.errors = ""
        self.l1_log = ""
        self._timed_out = False
        master, slave = pty.openpty()
        tty.setraw(slave)  # Ctrl-C is the guest's
        with open(folder / "errors.log", "wb") as errors:
            self._process = subprocess.Popen(
                [os.path.abspath(binary), *arguments],
                cwd=folder,
                stdin=slave,
                stdout=slave,
                stderr=errors,
                preexec_fn=die_with_parent,
            )
        os.close(slave)
        self._timer = threading.Timer(patient(limit_s), self._on_limit)
        self._timer.daemon = True
        self._timer.start()
        self.console = Channel("the guest's console", master)
        self.qmp = Qmp(self._connect(20))

    __enter__ = NestedVm.__enter__
    __exit__ = NestedVm.__exit__

    def wait(self, timeout_s=30):
        return self._process.wait(patient(timeout_s))

    def alive(self):
        return self._process.poll() is None

    def counts(self):
        process = pathlib.Path(f"/proc/{self._process.pid}")
        return tuple(len(list((process / what).iterdir())) for what in ("fd", "task"))

    def timed_out(self):
        return self._timed_out

    def end(self):
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._timer.cancel()
        self.qmp.close()
        self.console.close()
        self.errors = (self._folder / "errors.log").read_text(errors="replace")

    def image(self, name):
        return self._folder / name

    def _connect(self, timeout_s):
        deadline = time.monotonic() + timeout_s
        while True:
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(str(self._folder / SOCKET))
                return connection
            except OSError:
                connection.close()
                if self._process.poll() is not None or time.monotonic() > deadline:
                    return socket.socketpair()[0]  # nobody there: the client says so
                time.sleep(0.02)

    def _on_limit(self):
        self._timed_out = True
        self._process.kill()
