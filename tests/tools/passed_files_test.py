#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files that a launcher passes, as libvirt does: -add-fd, add-fd, and /dev/fdset/N as a path.

Usage: passed_files_test.py SISKIN GUEST-FOLDER.  Skipped where there is no usable /dev/kvm.
"""

import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True  # keeps the source tree clean
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools" / "nested"))

import closing
from patience import patient

LIMIT_S = 30
SISKIN, GUESTS = sys.argv.pop(1), pathlib.Path(sys.argv.pop(1))


@unittest.skipUnless(os.access("/dev/kvm", os.R_OK | os.W_OK), "/dev/kvm is not usable")
class PassedFiles(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def enterContext(self, context):  # unittest has it from Python 3.11 on
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def run_guest(self, flags, *words):
        """Runs a guest whose console is set 0, which holds a new file opened like that."""
        path = self.folder / "console"
        path.write_text("before\n")
        file = os.open(path, flags)
        self.addCleanup(os.close, file)
        done = subprocess.run([SISKIN, "-M", "q35", "-nodefaults", "-display", "none",
                               "-device", "isa-debug-exit",
                               "-kernel", str(GUESTS / "exit_code.elf"),
                               "-add-fd", f"fd={file},set=0,opaque=console", *words],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, pass_fds=[file],
                              timeout=patient(LIMIT_S))
        return done, path.read_text()

    def test_console_is_appended_to_a_passed_file(self):
        done, text = self.run_guest(os.O_WRONLY, "-chardev",
                                    "file,id=c,path=/dev/fdset/0,append=on",
                                    "-device", "isa-debugcon,chardev=c")
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertTrue(text.startswith("before\n") and text.endswith("code 0\n"), text)

    def test_console_replaces_a_passed_file(self):
        done, text = self.run_guest(os.O_WRONLY, "-debugcon", "file:/dev/fdset/0")
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertNotIn("before", text)
        self.assertIn("code 0\n", text)

    def test_a_file_for_another_access_is_refused(self):
        done, text = self.run_guest(os.O_RDONLY, "-debugcon", "file:/dev/fdset/0")
        self.assertEqual(done.returncode, 1)
        self.assertIn("Could not open '/dev/fdset/0': Permission denied", done.stdout)
        self.assertEqual(text, "before\n")

    def test_what_was_opened_outlives_its_set(self):
        """A disk and a log are opened over QMP; then their set goes."""
        path = self.folder / "qmp"
        image = self.folder / "image"
        image.write_bytes(bytes(65536))
        vmm = subprocess.Popen([SISKIN, "-M", "q35", "-nodefaults", "-display", "none", "-S",
                                "-qmp", f"unix:{path},server=on,wait=off"],
                               stdin=subprocess.DEVNULL)
        self.addCleanup(vmm.wait)
        self.addCleanup(vmm.kill)
        deadline = time.monotonic() + patient(LIMIT_S)
        while not path.is_socket() and time.monotonic() < deadline:
            time.sleep(0.01)
        client = self.enterContext(socket.socket(socket.AF_UNIX))
        client.connect(str(path))
        lines = client.makefile()
        lines.readline()

        def ask(command, files=(), **arguments):
            text = json.dumps({"execute": command, "arguments": arguments})
            socket.send_fds(client, [text.encode()], files)
            return json.loads(lines.readline())

        def add_log(name):
            data = {"out": "/dev/fdset/4", "append": True}
            return ask("chardev-add", id=name, backend={"type": "file", "data": data})

        ask("qmp_capabilities")
        with open(self.folder / "log", "wb") as log, open(image, "r+b") as disk:
            self.assertIn("return", ask("add-fd", [log.fileno()], **{"fdset-id": 4}))
            self.assertIn("return", ask("add-fd", [disk.fileno()], **{"fdset-id": 4}))
        self.assertEqual(add_log("first"), {"return": {}})
        self.assertEqual(ask("remove-fd", **{"fdset-id": 4}), {"return": {}})
        self.assertEqual(ask("query-fdsets"), {"return": []})
        self.assertIn("No such file", add_log("second")["error"]["desc"])
        self.assertIn(f"{self.folder}/log", {os.readlink(entry) for entry in
                                             pathlib.Path(f"/proc/{vmm.pid}/fd").iterdir()})


if __name__ == "__main__":
    sys.exit(closing.run(PassedFiles))
