# SPDX-License-Identifier: Apache-2.0
"""The demonstration behind tools/demo: a stock Debian kernel under siskin, steered over QMP."""

import argparse
import os
import pathlib
import select
import shlex
import subprocess
import sys
import tempfile
import termios
import threading
import time
import tty

import images
from channel import ChannelError
from guest import INIT
from kernel import StockKernel
from l1 import unavailable
from qmp import QmpError
from vm import NativeVm, NestedVm, arguments_for, is_qemu, make_folder

TREE = pathlib.Path(__file__).resolve().parents[2]
PROMPT = rb"siskin-guest# "
# busybox's shell asks the terminal after each prompt; nobody needs the answer.
WHERE_IS_THE_CURSOR = b"\x1b[6n"
SETTLE_S = 0.2
BOOT_LIMIT_S = 180
TOUR_LIMIT_S = 600
# A shell session may take its time.
SHELL_LIMIT_S = 24 * 3600
LINE_MAX = 300
ESCAPE = b"\x1d"  # Ctrl-]


class Screen:
    """Standard output, shared by the guest's console and the demonstration's own words."""

    def __init__(self):
        self._lock = threading.Lock()
        self._at_line_start = True
        self._held = b""

    def guest(self, data):
        with self._lock:
            data = (self._held + data).replace(WHERE_IS_THE_CURSOR, b"")
            # The rest of a question that came in part.
            split = data.rfind(b"\x1b")
            if split < 0 or not WHERE_IS_THE_CURSOR.startswith(data[split:]):
                split = len(data)
            data, self._held = data[:split], data[split:]
            if data:
                self._at_line_start = data.endswith(b"\n")
                sys.stdout.buffer.write(data)
                sys.stdout.buffer.flush()

    def say(self, text):
        with self._lock:
            start = b"" if self._at_line_start else b"\r\n"
            # The terminal may be in raw mode.
            lines = text.encode().replace(b"\n", b"\r\n" if sys.stdout.isatty() else b"\n")
            sys.stdout.buffer.write(start + lines + (b"\r\n" if sys.stdout.isatty() else b"\n"))
            sys.stdout.buffer.flush()
            self._at_line_start = True

    def qmp(self, arrow, text):
        self.say(f"QMP {arrow} {text if len(text) <= LINE_MAX else text[:LINE_MAX] + ' ...'}")


def why_not_here(binary):
    """Why this host's KVM cannot run a stock kernel, or None: siskin itself has probed it."""
    if is_qemu(binary):
        return "QEMU does not tell; it stands in for siskin"
    listing = subprocess.run([binary, "-accel", "help"], stdin=subprocess.DEVNULL, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout
    for line in listing.split("\n"):
        if line.split(" ")[0] == "kvm":
            return line.partition("(")[2].rstrip(")") or None
    return f"siskin -accel help lists no kvm: {listing.strip()}"


def tour(vm, screen):
    """The guest's prompt, then its virtual machine over QMP."""
    console, qmp = vm.console, vm.qmp

    def prompt(timeout_s=60):
        console.expect(PROMPT, timeout_s)
        time.sleep(SETTLE_S)

    def type_in(line):
        console.send(line + "\n")
        prompt()

    screen.say("\n== at the guest's prompt: its kernel, its CPUs, its disk behind a PCIe root port")
    type_in("uname -srv; nproc")
    type_in("readlink -f /sys/block/vda")
    type_in("mount /dev/vda /mnt && date >/mnt/visited && sync")
    type_in("df -h /mnt; grep virtio /proc/interrupts")

    screen.say("\n== over QMP: status, pause and resume, while the guest counts seconds")
    qmp.command("query-status")
    console.send("for i in 1 2 3 4 5; do echo tick $i; sleep 1; done\n")
    console.expect(rb"\ntick 2\r*\n", 60)
    qmp.command("stop")
    qmp.command("query-status")
    screen.say("(three seconds, in which a paused guest says nothing)")
    time.sleep(3)
    qmp.command("cont")
    console.expect(rb"\ntick 5\r*\n", 60)
    prompt()
    screen.say("\n== over QMP: its CPUs and its disk")
    qmp.command("query-cpus-fast")
    qmp.command("query-block")


def power_down(vm, screen):
    screen.say("\n== over QMP: press the power button; the guest unmounts its disk and goes off")
    vm.qmp.command("system_powerdown")
    vm.qmp.wait_event("SHUTDOWN", 60)


def shell(vm, screen):
    """Joins the user's terminal and the guest's until the guest is off."""
    screen.say("\n== the guest's shell is yours.  `poweroff` ends it; Ctrl-] presses the\n"
               "== power button over QMP, and a second time quits.")
    vm.console.send("\n")
    keyboard = sys.stdin.fileno()
    saved = termios.tcgetattr(keyboard)
    tty.setraw(keyboard)
    presses = 0
    try:
        while "SHUTDOWN" not in vm.qmp.event_names() and vm.alive():
            if not select.select([keyboard], [], [], 0.2)[0]:
                continue
            typed = os.read(keyboard, 4096)
            if not typed or ESCAPE in typed:
                presses += 1
                vm.qmp.command("system_powerdown" if presses == 1 else "quit")
            elif typed:
                vm.console.send(typed)
    finally:
        termios.tcsetattr(keyboard, termios.TCSADRAIN, saved)


def run(binary, vm_type, options, work, screen):
    kernel = StockKernel()
    folder = work / "vm"
    make_folder(folder, kernel, images.guest_initrd(kernel, INIT))
    arguments = arguments_for(binary)
    screen.say(f"\n== in a folder with Debian's {kernel.release()}, an initramfs and a disk:\n"
               + in_lines(binary, arguments))
    interactive = sys.stdin.isatty() and not options.tour
    limit_s = SHELL_LIMIT_S if interactive else TOUR_LIMIT_S
    started = time.monotonic()
    with vm_type(kernel, binary, arguments, folder, limit_s) as vm:
        vm.console.on_bytes = screen.guest
        try:
            vm.qmp.on_message = None if options.shell else screen.qmp
            vm.qmp.negotiate(60)
            vm.console.expect(PROMPT, BOOT_LIMIT_S)
            time.sleep(SETTLE_S)
            screen.say(f"== a shell prompt after {time.monotonic() - started:.1f} s")
            if not options.shell:
                tour(vm, screen)
            if interactive:
                shell(vm, screen)
            else:
                power_down(vm, screen)
            status = vm.wait(60)
        except (ChannelError, QmpError) as error:
            screen.say(f"demo: failed: {error}")
            status = None
    if vm.errors:
        screen.say(f"siskin said: {vm.errors.strip()}")
    screen.say(f"\n== {binary.name} ended with status {status}, "
               f"{time.monotonic() - started:.1f} s after the start")
    return 0 if status == 0 else 1


def in_lines(binary, arguments):
    """The command line, a few options a line."""
    lines, line = [], str(binary if not binary.is_relative_to(TREE) else binary.relative_to(TREE))
    for word in map(shlex.quote, arguments):
        if word.startswith("-") and len(line) > 60:
            lines.append(line)
            line = "       "
        line += " " + word
    return " \\\n".join([*lines, line])


def main():
    parser = argparse.ArgumentParser(prog="tools/demo", description="boot Debian under siskin")
    parser.add_argument("--shell", action="store_true", help="no tour, the guest's shell at once")
    parser.add_argument("--tour", action="store_true",
                        help="only the tour, also at a terminal, and then power down")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--native", action="store_true", help="on this host's KVM in any case")
    where.add_argument("--nested", action="store_true", help="nested in any case")
    options = parser.parse_args()
    screen = Screen()
    binary = pathlib.Path(os.environ.get("BOOT_VMM") or TREE / "build/release/siskin").resolve()

    reason = None if options.native else why_not_here(binary)
    nested = options.nested or reason is not None
    if reason:
        screen.say(f"demo: this host's KVM: {reason}")
    if nested:
        why_not = unavailable()
        if why_not:
            screen.say(f"demo: cannot run nested either: {why_not}")
            return 1
        screen.say("demo: so the very same command line runs nested, in a virtual machine of\n"
                   "demo: QEMU's TCG whose emulated SVM gives Debian's kernel a real KVM\n"
                   "demo: (everything is slower by far)")
    with tempfile.TemporaryDirectory(prefix="siskin-demo.") as work:
        return run(binary, NestedVm if nested else NativeVm, options, pathlib.Path(work), screen)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
