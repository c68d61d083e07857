#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a monitor takes for JSON is what Python takes for it, and a monitor always recovers (Q03).

Usage: json_test.py SISKIN.  Texts are made from a fixed seed and sent as the `id` of a command,
which comes back.  Skipped where there is no usable /dev/kvm.
"""

import json
import os
import pathlib
import random
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
TEXTS = 3000
SISKIN = sys.argv.pop(1)

SEEDS = [
    b'{"a": [1, -2.5e3, "x\\u00e9\\n", true, null]}',
    b'"\\ud83d\\ude00 \xc3\xa9 \xf0\x9f\x98\x80"',
    b'[[], {}, "", 0, -0, 18446744073709551615, -9223372036854775808]',
    b'1E-7',
    b'"\\/\\b\\f"',
]
PIECES = [
    b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"\\u", b"\\ud800", b"\\udc00", b"\\ufffe",
    b"0", b"1", b"-", b"+", b".", b"e", b"E5", b"e400", b"01", b"99999999999999999999",
    b"true", b"nul", b"NaN", b"Infinity", b"/*", b"//", b"%d", b"#", b"_", b'"a":', b'"id":1',
    b" ", b"\t", b"\n", b"\r", b"\0", b"\x01", b"\x7f", b"\\q", b"\\x41", b"\\u00", b"\\u0000",
    b"\xc3", b"\xa9", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xf4\x90\x80\x80",
]


def texts():
    choice = random.Random(7)
    for _ in range(TEXTS):
        text = bytearray(choice.choice(SEEDS))
        for _ in range(choice.randint(0, 3)):
            at = choice.randint(0, len(text))
            until = min(len(text), at + choice.choice((0, 0, 1, 2)))
            text[at:until] = choice.choice(PIECES)
        yield bytes(text)


def refuse(*_):
    raise ValueError


def no_twins(pairs):
    if len(dict(pairs)) != len(pairs):
        refuse()
    return dict(pairs)


def number(text):
    value = int(text)
    return value if -2**63 <= value < 2**64 else real(text)


def real(text):
    value = float(text)
    return value if abs(value) != float("inf") else refuse()


def is_text(value):
    """No string with half a pair or a noncharacter: these are refused, as QEMU does."""
    if isinstance(value, str):
        points = [ord(character) for character in value]
        return not any(0xd800 <= point < 0xe000 or point & 0xfffe == 0xfffe or
                       0xfdd0 <= point < 0xfdf0 for point in points)
    if isinstance(value, dict):
        return all(map(is_text, value)) and all(map(is_text, value.values()))
    return not isinstance(value, list) or all(map(is_text, value))


PYTHON = json.JSONDecoder(parse_constant=refuse, parse_int=number, parse_float=real,
                          object_pairs_hook=no_twins)


def by_python(message):
    """The command object, or None where it is no JSON."""
    try:
        value = PYTHON.decode(message.decode())
    except (ValueError, RecursionError):
        return None
    return value if is_text(value) else None


def begins_with_json(message):
    """A whole object with something behind it: QMP takes the object."""
    try:
        return PYTHON.raw_decode(message.decode(errors="replace"))[1] < len(message)
    except ValueError:
        return False


@unittest.skipUnless(os.access("/dev/kvm", os.R_OK | os.W_OK), "/dev/kvm is not usable")
class Json(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = pathlib.Path(folder.name) / "qmp"
        vmm = subprocess.Popen([SISKIN, "-M", "q35", "-nodefaults", "-display", "none", "-S",
                                "-qmp", f"unix:{path},server=on,wait=off"],
                               stdin=subprocess.DEVNULL)
        self.addCleanup(vmm.wait)
        self.addCleanup(vmm.kill)
        deadline = time.monotonic() + patient(LIMIT_S)
        while not path.is_socket() and time.monotonic() < deadline:
            time.sleep(0.01)
        self.client = socket.socket(socket.AF_UNIX)
        self.addCleanup(self.client.close)
        self.client.settimeout(patient(LIMIT_S))
        self.client.connect(str(path))
        self.lines = self.client.makefile("rb")
        self.lines.readline()
        self.client.sendall(b'{"execute":"qmp_capabilities"}')
        self.lines.readline()

    def replies(self, message):
        """What comes for it, and for 0xff, which drops whatever is left of it."""
        self.client.sendall(message + b'\xff{"execute":"query-name","id":"the end"}')
        found = []
        while True:
            reply = json.loads(self.lines.readline())
            if reply.get("id") == "the end":
                return found
            found.append(reply)

    def test_the_accepted_texts_are_pythons_and_come_back_as_they_were(self):
        compared = accepted = 0
        for text in texts():
            message = b'{"execute":"query-name","id":' + text + b"}"
            expected = by_python(message)
            replies = self.replies(message)
            if begins_with_json(message) if expected is None else len(expected) != 2:
                continue
            with self.subTest(text=text):
                taken = [reply for reply in replies if "return" in reply]
                self.assertEqual(len(taken), 0 if expected is None else 1, replies)
                if expected is not None:
                    self.assertEqual(taken[0].get("id"), expected.get("id"))
                    accepted += 1
                compared += 1
        self.assertGreater(compared, TEXTS * 0.9)
        self.assertGreater(accepted, TEXTS * 0.2)


if __name__ == "__main__":
    sys.exit(closing.run(Json))
