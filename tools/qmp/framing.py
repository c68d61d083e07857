# SPDX-License-Identifier: Apache-2.0
"""Cuts a server's bytes into JSON objects, whatever its chunks and line ends, within limits."""

import json
import re

from qmp.status import ProtocolProblem

MESSAGE_BYTES_MAX = 64 << 20
_BLANK = re.compile(r"[ \t\r\n]*")


class Framer:
    """Counts brackets outside of strings, so pretty-printed objects of many lines are whole too."""

    def __init__(self, message_bytes_max=MESSAGE_BYTES_MAX):
        self._bytes_max = message_bytes_max
        self._pending = bytearray()
        self._depth = 0
        self._in_string = False
        self._escaped = False

    def feed(self, data):
        """Yields the objects that `data` completes; ProtocolProblem for what is none."""
        for line in data.splitlines(keepends=True):
            self._pending += line
            self._count(line)
            if len(self._pending) > self._bytes_max:
                raise ProtocolProblem(f"a message is longer than {self._bytes_max} bytes")
            if self._depth <= 0 and not self._in_string:
                whole = bytes(self._pending)
                self._pending.clear()
                self._depth = 0
                yield from objects_in(whole)

    def _count(self, line):
        if self._escaped:
            line = line[1:]
        self._escaped = (len(line) - len(line.rstrip(b"\\"))) % 2 == 1
        if self._escaped:
            line = line[:-1]
        parts = line.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')
        for outside in parts[self._in_string::2]:
            self._depth += outside.count(b"{") + outside.count(b"[")
            self._depth -= outside.count(b"}") + outside.count(b"]")
        self._in_string ^= len(parts) % 2 == 0


def objects_in(data):
    """The JSON objects that stand one after the other in `data`, white space between them."""
    found = []
    try:
        text = data.decode()
        at = _BLANK.match(text).end()
        while at < len(text):
            value, at = _DECODER.raw_decode(text, at)
            if not isinstance(value, dict):
                raise ProtocolProblem(f"this is not a JSON object: {_excerpt(data)}")
            found.append(value)
            at = _BLANK.match(text, at).end()
    except (ValueError, RecursionError):
        raise ProtocolProblem(f"this is not JSON: {_excerpt(data)}") from None
    return found


def _excerpt(data, length=60):
    text = data.strip()[:length].decode("ascii", "backslashreplace")
    return repr(text) + (" ..." if len(data.strip()) > length else "")


def _no_constant(name):
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_constant)
