# SPDX-License-Identifier: Apache-2.0
"""What goes to a terminal: JSON in ASCII, and text whose control characters are written out."""

import json

from qmp.status import ProtocolProblem


def to_json(value, pretty=False):
    """JSON that is harmless on a terminal: all but printable ASCII is escaped."""
    try:
        text = json.dumps(value, indent=2 if pretty else None)
    except RecursionError:
        raise ProtocolProblem("a message is nested too deeply to be shown") from None
    return text.replace("\x7f", "\\u007f")


def harmless(text, kept="\n\t"):
    """`text` with each character that is not printable as an escape, but for those in `kept`."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in kept else _escape(c) for c in text)


def harmless_line(text):
    """The same, on one line."""
    return harmless(text.strip(), kept="")


def monitor_text(text):
    """What a human monitor prints: its CRLF line ends as one, the last one left out."""
    return harmless(text.replace("\r\n", "\n").rstrip("\n"))


def _escape(character):
    named = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}
    if character in named:
        return named[character]
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
