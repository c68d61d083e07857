# SPDX-License-Identifier: Apache-2.0
"""A virtual machine without a guest and with two monitors: one to be tested, one to steer it by."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import time

from patience import patient
from qmp.address import parse_address
from qmp.client import Client, Deadline, returned
from qmp.status import Unreachable

TREE = pathlib.Path(__file__).resolve().parents[2]
LIMIT_S = 60
POLL_S = 0.05
QEMU = ["qemu-system-x86_64", "-M", "q35", "-S", "-accel", "tcg", "-display", "none", "-nodefaults"]
SISKIN = [str(TREE / "build" / "release" / "siskin"), "-M", "q35", "-S", "-accel", "kvm",
          "-display", "none", "-nodefaults"]


def why_not(command):
    """Why this machine cannot run here, None if it can."""
    if not shutil.which(command[0]):
        return f"there is no {os.path.basename(command[0])}"
    if "kvm" in command and not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "/dev/kvm is not usable"
    return None


class Machine:
    """Runs from the constructor to close()."""

    def __init__(self, command):
        self._folder = tempfile.mkdtemp(prefix="qmp_shell_machine.")
        self.address = f"{self._folder}/shell"
        self._output = open(f"{self._folder}/output", "w+")
        monitors = []
        for path in (self.address, f"{self._folder}/steer"):
            monitors += ["-qmp", f"unix:{path},server=on,wait=off"]
        self._process = subprocess.Popen([*command, *monitors], stdin=subprocess.DEVNULL,
                                         stdout=self._output, stderr=subprocess.STDOUT)
        try:
            self._client = self._connected(parse_address(f"{self._folder}/steer"))
        except BaseException:
            self.close()
            raise

    def ask(self, command):
        request = {"execute": command}
        return returned(self._client.execute(request, Deadline(patient(LIMIT_S))))

    def close(self):
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._output.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _connected(self, address):
        deadline = Deadline(patient(LIMIT_S))
        while True:
            try:
                return Client.connect(address, deadline)
            except Unreachable:
                deadline.left("the monitor's socket")
                if self._process.poll() is not None:
                    self._output.seek(0)
                    raise AssertionError(f"the machine ended: {self._output.read()}") from None
                time.sleep(POLL_S)
