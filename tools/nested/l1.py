# SPDX-License-Identifier: Apache-2.0
"""L1: a virtual machine in QEMU's TCG, whose emulated AMD SVM gives the stock kernel a real KVM."""

import contextlib
import ctypes
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import images
from channel import Channel, ChannelError
from patience import patient

QEMU = "qemu-system-x86_64"
# No XSAVE: TCG does not intercept XSETBV, so L1's KVM would not see what the guest enables, and the
# guest's kernel would warn of an "XSAVE consistency problem".  Then no AVX, for those who ask
# CPUID for it and not XGETBV.
CPU = "EPYC,+svm,+npt,+nrip-save,-xsave,-avx,-avx2,-fma,-f16c"
# One processor: TCG now and then loses an interrupt of a second one, and L1 locks up; a guest
# with two is hardly slower for it.
MACHINE = f"-M q35 -accel tcg,thread=multi,tb-size=512 -cpu {CPU} -smp 1 -m 1024"
# TCG's remarks on the parts of EPYC that it does not have.
QEMU_NOISE = "warning: TCG doesn't support requested feature"
# L1 is a tool, not the thing under test: it may be told what makes it start fast under TCG.
KERNEL_ARGUMENTS = (
    "console=ttyS0 quiet panic=-1 reboot=t mitigations=off tsc=reliable no_timer_check "
    "root=/dev/nvme0n1 ro init=/init"
)
# Room on the job's disk for what the job writes.
JOB_FREE_MIB = 128
PR_SET_PDEATHSIG = 1


def unavailable():
    """Why L1 cannot run on this machine, or None."""
    if not shutil.which(QEMU):
        return f"no {QEMU} (package qemu-system-x86)"
    if not images.BUSYBOX.exists():
        return "no busybox (package busybox-static)"
    accelerators = subprocess.run([QEMU, "-accel", "help"], stdout=subprocess.PIPE).stdout
    return None if b"tcg" in accelerators.split() else f"{QEMU} has no TCG"


def die_with_parent():
    """Runs in the child before exec: nothing outlives a killed test run."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class L1:
    """One run of one job.  A context manager: leaving it ends the machine.

    job:    a folder with job.sh, which runs in L1 with the folder as its working directory
    work:   an existing folder on this host for the disk that carries the job there and back
    limit_s: the machine is ended when it has run for so long
    disks:  files on this host that are L1's /dev/nvme2n1 and on
    terminal: Channel of L1's /dev/ttyS1; port: socket of L1's /dev/vport0p1
    """

    def __init__(self, root_image, kernel, job, work, limit_s, on_line=None, disks=()):
        self.work = pathlib.Path(work)
        self._disk = self.work / "job.img"
        size = sum(path.stat().st_size for path in pathlib.Path(job).rglob("*"))
        images.make_ext4(self._disk, size * 9 // 8 // 2**20 + JOB_FREE_MIB, job, "^has_journal")

        pairs = {name: socket.socketpair() for name in ("console", "terminal", "port")}
        command = [QEMU, *MACHINE.split(), "-nodefaults", "-no-user-config"]
        command += ["-display", "none", "-no-reboot"]
        command += ["-kernel", str(kernel.image), "-append", KERNEL_ARGUMENTS]
        for name, (_, theirs) in pairs.items():
            command += ["-chardev", f"socket,id={name},fd={theirs.fileno()}"]
        command += ["-serial", "chardev:console", "-serial", "chardev:terminal"]
        command += ["-device", "virtio-serial-pci", "-device", "virtserialport,chardev=port"]
        command += _nvme(0, root_image, "readonly=on,file.locking=off")
        command += _nvme(1, self._disk, "cache=unsafe")
        for index, disk in enumerate(disks, 2):
            command += _nvme(index, disk, "cache=unsafe")
        self.timed_out = False
        self.started = time.monotonic()
        with open(self.work / "l1-qemu.log", "wb") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[theirs.fileno() for _, theirs in pairs.values()],
                preexec_fn=die_with_parent,
            )
        for _, theirs in pairs.values():
            theirs.close()
        self._timer = threading.Timer(patient(limit_s), self._on_limit)
        self._timer.daemon = True
        self._timer.start()
        self.console = Channel("L1's console", pairs["console"][0].detach(), on_line)
        self.terminal = Channel("the guest's console", pairs["terminal"][0].detach())
        self.port = pairs["port"][0]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def wait_ready(self, timeout_s=60):
        """Until L1's user space runs.  ChannelError says what QEMU said if it never does."""
        try:
            ready = self.console.expect(rb"siskin-l1: ready .*\n", timeout_s).group().decode()
        except ChannelError as error:
            words = " ".join(self.qemu_words())
            raise ChannelError(f"L1 did not start: {error} {words}") from None
        if "missing" in ready:
            raise ChannelError("L1 has no /dev/kvm")

    def qemu_words(self):
        """What L1's QEMU wrote to stderr."""
        text = (self.work / "l1-qemu.log").read_text(errors="replace")
        return [line for line in text.split("\n") if line and QEMU_NOISE not in line]

    def alive(self):
        return self._process.poll() is None

    @contextlib.contextmanager
    def standing_still(self):
        """Meanwhile L1's disks are as they would be had the power been cut: nothing that L1 has
        in memory is on them."""
        self._process.send_signal(signal.SIGSTOP)
        # Until it has stopped, it writes.
        how = os.WSTOPPED | os.WEXITED | os.WNOWAIT
        os.waitid(os.P_PID, self._process.pid, how)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def cut_power(self):
        self._process.kill()
        self._process.wait()

    def wait_job(self, timeout_s):
        """The exit status of job.sh."""
        found = self.console.expect(rb"siskin-l1: job exit (\d+)", timeout_s)
        return int(found.group(1))

    def wait(self):
        """The exit status of job.sh, once the machine has gone; None when it was cut short."""
        self._process.wait()
        self.console.wait_closed(5)
        found = re.search(r"siskin-l1: job exit (\d+)", self.console.text())
        return int(found.group(1)) if found and not self.timed_out else None

    def end(self):
        """Powers L1 off if it still runs (it gets a moment if its job is done)."""
        if self._process.poll() is None:
            try:
                self._process.wait(5 if "siskin-l1: job exit" in self.console.text() else 0)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._timer.cancel()
        if self.console:
            self.console.close()
            self.terminal.close()
            self.port.close()

    def fetch(self, inside, path):
        """After the end: copies a file of the job's folder out; False when there is none."""
        return images.read_ext4(self._disk, f"/{inside}", path)

    def _on_limit(self):
        self.timed_out = True
        self._process.kill()


def _nvme(index, path, options):
    drive = f"if=none,id=nvme{index},format=raw,{options},file={path}"
    # Fixed slots, so that the kernel numbers the disks in this order.
    device = f"nvme,serial=disk{index},drive=nvme{index},addr={0x10 + index:#x}"
    return ["-drive", drive, "-device", device]
