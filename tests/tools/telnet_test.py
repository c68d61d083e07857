#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The real telnet program, as people use it on monitors: QMP over plain TCP, and over telnet.

Usage: telnet_test.py SISKIN.  Skipped where there is no telnet or no usable /dev/kvm.
"""

import os
import pathlib
import pty
import select
import shutil
import socket
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True  # keeps the source tree clean
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools" / "nested"))

import closing
from patience import patient

LIMIT_S = 30
SISKIN = sys.argv.pop(1)
GREETING = b'{"QMP": {"version": '


def why_not():
    if shutil.which("telnet") is None:
        return "there is no telnet"
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "/dev/kvm is not usable"
    return None


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Program:
    """A program at a terminal of its own."""

    def __init__(self, command):
        self._master, slave = pty.openpty()
        self._process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave,
                                         start_new_session=True)
        os.close(slave)
        self._seen = b""

    def type(self, text):
        os.write(self._master, text.encode())

    def wait(self, text):
        """What was on the screen up to `text`, since the last call."""
        deadline = time.monotonic() + patient(LIMIT_S)
        while text not in self._seen:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._master], [], [], left)[0]:
                raise AssertionError(f"{text!r} does not come, but: {self._seen!r}")
            try:
                self._seen += os.read(self._master, 4096)
            except OSError as error:
                raise AssertionError(f"the program ended: {self._seen!r}") from error
        before, _, self._seen = self._seen.partition(text)
        return before

    def close(self):
        self._process.kill()
        self._process.wait()
        os.close(self._master)


@unittest.skipIf(why_not(), why_not())
class Telnet(unittest.TestCase):
    def start(self, *monitor):
        port = free_port()
        words = [word.replace("PORT", str(port)) for word in monitor]
        self.vmm = subprocess.Popen([SISKIN, "-M", "q35", "-nodefaults", "-display", "none", "-S",
                                     *words], stdin=subprocess.DEVNULL)
        self.addCleanup(self.vmm.wait)
        self.addCleanup(self.vmm.kill)
        deadline = time.monotonic() + patient(LIMIT_S)
        while True:
            program = Program(["telnet", "localhost", str(port)])
            try:
                program.wait(b"Escape character is '^]'.\r\n")
                self.addCleanup(program.close)
                return program
            except AssertionError:
                program.close()
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def ended(self):
        return self.vmm.wait(timeout=patient(LIMIT_S))

    def test_session_of_qemus_readme(self):
        """The words of QEMU's QMP README on `-qmp tcp:localhost:4444,server`."""
        telnet = self.start("-qmp", "tcp:localhost:PORT,server")
        telnet.wait(GREETING)
        telnet.type('{ "execute": "qmp_capabilities" }\n')
        telnet.wait(b'{"return": {}}\r\n')
        telnet.type('{ "execute": "query-status" }\n')
        telnet.wait(b'"status": "prelaunch"')
        telnet.type('{ "execute": "quit" }\n')
        telnet.wait(b'{"return": {}}\r\n')
        telnet.wait(b"Connection closed by foreign host.")
        self.assertEqual(self.ended(), 0)

    def test_qmp_over_telnet(self):
        telnet = self.start("-qmp", "telnet:localhost:PORT,server=on,wait=off")
        telnet.wait(GREETING)
        telnet.type('{"execute": "qmp_capabilities"}\r')
        telnet.wait(b'{"return": {}}\r\n')
        telnet.type('{"execute": "quit"}\r')
        telnet.wait(b'{"return": {}}\r\n')
        self.assertEqual(self.ended(), 0)

    def test_monitor_over_telnet(self):
        """The program passes each key at once, so the monitor's own line editing works."""
        telnet = self.start("-monitor", "telnet:localhost:PORT,server=on,wait=off")
        telnet.wait(b"(qemu) ")
        telnet.type("info stx\x7fatus\r")
        telnet.wait(b"VM status: paused (prelaunch)\r\n(qemu) ")
        telnet.type("quit\r")
        self.assertEqual(self.ended(), 0)


if __name__ == "__main__":
    sys.exit(closing.run(Telnet))
