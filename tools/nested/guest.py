# SPDX-License-Identifier: Apache-2.0
"""The guest's side of its serial console: wait for it, run commands in it (guest_init.sh)."""

import pathlib

INIT = pathlib.Path(__file__).resolve().parent / "guest_init.sh"
DONE = rb"siskin-guest: done (\d+)\r*\n"


class GuestError(Exception):
    """A command in the guest failed."""


class Guest:
    """Drives the remote mode of guest_init.sh over a Channel."""

    def __init__(self, channel):
        self._channel = channel

    def wait_ready(self, timeout_s=60):
        """Until the guest takes commands; its ready line."""
        ready = self._channel.expect(rb"siskin-guest: ready .*\n", timeout_s).group()
        self._channel.expect(DONE, 10)
        return ready.decode().strip()

    def run(self, command, timeout_s=30):
        """What one line of shell printed; GuestError if its status is not 0."""
        start = self._channel.position()
        self._channel.send(command + "\n")
        done = self._channel.expect(DONE, timeout_s)
        output = self._channel.text(start, done.start()).strip("\n")
        if done.group(1) != b"0":
            raise GuestError(f"'{command}' ended with {done.group(1).decode()}: {output}")
        return output

    def start(self, command):
        """A last command that does not come back (reboot, poweroff)."""
        self._channel.send(command + "\n")
