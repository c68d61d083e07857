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

    def start_paused(self, *words, pass_fds=()):
        """A paused machine, and a function that asks its monitor, passing files along."""
        path = self.folder / "qmp"
        vmm = subprocess.Popen([SISKIN, "-M", "q35", "-nodefaults", "-display", "none", "-S",
                                "-qmp", f"unix:{path},server=on,wait=off", *words],
                               stdin=subprocess.DEVNULL, pass_fds=pass_fds)
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

        ask("qmp_capabilities")
        return vmm, ask

    def listen(self, name):
        listener = self.enterContext(socket.socket(socket.AF_UNIX))
        listener.bind(str(self.folder / name))
        listener.listen(1)
        return listener

    def connect(self, name):
        client = socket.socket(socket.AF_UNIX)
        self.addCleanup(client.close)
        client.settimeout(patient(LIMIT_S))
        client.connect(str(self.folder / name))
        return client

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
        image = self.folder / "image"
        image.write_bytes(bytes(65536))
        vmm, ask = self.start_paused()

        def add_log(name):
            data = {"out": "/dev/fdset/4", "append": True}
            return ask("chardev-add", id=name, backend={"type": "file", "data": data})

        with open(self.folder / "log", "wb") as log, open(image, "r+b") as disk:
            self.assertIn("return", ask("add-fd", [log.fileno()], **{"fdset-id": 4}))
            self.assertIn("return", ask("add-fd", [disk.fileno()], **{"fdset-id": 4}))
        self.assertEqual(add_log("first"), {"return": {}})
        self.assertEqual(ask("remove-fd", **{"fdset-id": 4}), {"return": {}})
        self.assertEqual(ask("query-fdsets"), {"return": []})
        self.assertIn("No such file", add_log("second")["error"]["desc"])
        self.assertIn(f"{self.folder}/log", {os.readlink(entry) for entry in
                                             pathlib.Path(f"/proc/{vmm.pid}/fd").iterdir()})

    def test_a_passed_listener_serves_a_monitor_and_a_serial_port(self):
        """-chardev socket,fd=N,server=on, which libvirt uses; clients may come before and again."""
        monitor, serial = self.listen("monitor"), self.listen("serial")
        early = self.connect("monitor")
        _, ask = self.start_paused(
            "-chardev", f"socket,id=m,fd={monitor.fileno()},server=on,wait=off",
            "-mon", "chardev=m,mode=control",
            "-chardev", f"socket,id=s,fd={serial.fileno()},server=on,wait=off",
            "-device", "isa-serial,chardev=s",
            pass_fds=[monitor.fileno(), serial.fileno()])
        self.assertIn(b'"QMP"', early.recv(4096))
        early.close()
        self.assertIn(b'"QMP"', self.connect("monitor").recv(4096))
        self.connect("serial")
        shown = {entry["label"]: entry["filename"] for entry in ask("query-chardev")["return"]}
        self.assertEqual(shown["m"], f"unix:{self.folder}/monitor,server=on")
        self.assertTrue(shown["s"].endswith(f"unix:{self.folder}/serial,server=on"), shown)

    def test_a_listener_passed_over_qmp_and_to_the_human_monitor_is_a_back_end(self):
        _, ask = self.start_paused(
            "-chardev", f"socket,id=h,path={self.folder}/human,server=on,wait=off",
            "-mon", "chardev=h,mode=readline")
        first, second = self.listen("first"), self.listen("second")
        self.assertEqual(ask("getfd", [first.fileno()], fdname="a"), {"return": {}})
        address = {"type": "fd", "data": {"str": "a"}}
        self.assertEqual(ask("chardev-add", id="c", backend={
            "type": "socket", "data": {"addr": address, "server": True, "wait": False}}),
            {"return": {}})
        self.connect("first")

        human = self.connect("human")
        socket.send_fds(human, [b"getfd b\nchardev-add socket,id=d,fd=b,server=on\n"
                                b"chardev-add socket,id=e,fd=b,server=on\n"], [second.fileno()])
        text = b""
        while b"has not been found" not in text:
            text += human.recv(4096)
        self.assertEqual(text.count(b"Error: "), 1, text)
        self.connect("second")
        labels = {entry["label"] for entry in ask("query-chardev")["return"]}
        self.assertTrue({"c", "d"} <= labels and "e" not in labels, labels)


if __name__ == "__main__":
    sys.exit(closing.run(PassedFiles))
