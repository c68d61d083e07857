# SPDX-License-Identifier: Apache-2.0
"""A byte stream from a virtual machine, read by its own thread: wait for a pattern, send, log."""

import os
import re
import threading
import time

from patience import patient


class ChannelError(Exception):
    """What was waited for did not come."""


class Channel:
    """Owns a stream socket or a pty's fd.  `on_line(seconds, text)` sees every whole line."""

    def __init__(self, name, fd, on_line=None, on_bytes=None):
        self.name = name
        self.bytes = bytearray()
        self._fd = fd
        self._on_line = on_line
        self.on_bytes = on_bytes
        self._searched = 0
        self._line_start = 0
        self._closed = False
        self._started = time.monotonic()
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, name=name, daemon=True)
        self._thread.start()

    def text(self, start=0, end=None):
        """What came from byte `start` up to byte `end`, carriage returns left out."""
        with self._changed:
            return bytes(self.bytes[start:end]).decode("utf-8", "replace").replace("\r", "")

    def position(self):
        """Where the next expect() starts to look."""
        with self._changed:
            return self._searched

    def send(self, data):
        if isinstance(data, str):
            data = data.encode()
        while data:
            data = data[os.write(self._fd, data):]

    def expect(self, pattern, timeout_s):
        """The first match of `pattern` (bytes) after the last one; ChannelError if none comes."""
        compiled = re.compile(pattern, re.MULTILINE)
        timeout_s = patient(timeout_s)
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while True:
                found = compiled.search(self.bytes, self._searched)
                if found:
                    self._searched = found.end()
                    return found
                left = deadline - time.monotonic()
                if self._closed or left <= 0:
                    why = "ended" if self._closed else f"was silent about it for {timeout_s:.0f} s"
                    raise ChannelError(
                        f"waited for {pattern.decode()!r}, but {self.name} {why}; "
                        f"its last line: {self._last_line()!r}"
                    )
                self._changed.wait(left)

    def skip(self):
        """The next expect() looks only at what comes from now on."""
        with self._changed:
            self._searched = len(self.bytes)

    def wait_closed(self, timeout_s):
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def close(self):
        """Only after the other side is gone, so that the reader has ended."""
        self._thread.join(2)
        os.close(self._fd)

    def _last_line(self):
        lines = bytes(self.bytes[-400:]).decode("utf-8", "replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def _read(self):
        while True:
            try:
                data = os.read(self._fd, 65536)
            except OSError:  # EIO: the last user of a pty has gone
                data = b""
            if data and self.on_bytes:
                self.on_bytes(data)
            with self._changed:
                self.bytes += data
                self._closed = not data
                self._report_lines()
                self._changed.notify_all()
            if not data:
                return

    def _report_lines(self):
        while self._on_line:
            end = self.bytes.find(b"\n", self._line_start)
            if end < 0 and not (self._closed and self._line_start < len(self.bytes)):
                return
            end = end if end >= 0 else len(self.bytes)
            line = bytes(self.bytes[self._line_start:end]).decode("utf-8", "replace")
            self._line_start = end + 1
            self._on_line(time.monotonic() - self._started, line.rstrip("\r"))
