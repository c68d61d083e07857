# SPDX-License-Identifier: Apache-2.0
"""Where a monitor listens: what a person writes, and the connected socket behind it."""

import os
import socket

from qmp.status import TimedOut, Unreachable, UsageProblem

PORT_MAX = 65535


def parse_address(text):
    """("unix", path) or ("tcp", (host, port)); a word with a slash is always a path."""
    scheme, colon, rest = text.partition(":")
    if colon and scheme == "unix":
        return "unix", _not_empty(rest, text)
    if colon and scheme == "tcp":
        return "tcp", _host_and_port(rest, text)
    if "/" in text or ":" not in text or os.path.exists(text):
        return "unix", _not_empty(text, text)
    return "tcp", _host_and_port(text, text)


def connect(address, timeout_s):
    """A connected stream socket."""
    kind, place = address
    try:
        if kind == "tcp":
            return socket.create_connection(place, timeout_s)
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(timeout_s)
            connection.connect(place)
        except BaseException:
            connection.close()
            raise
        return connection
    except (OSError, ValueError) as error:
        if isinstance(error, TimeoutError) and error.errno is None:
            raise TimedOut(f"{shown(address)} does not accept a connection in time") from None
        reason = getattr(error, "strerror", None) or str(error)
        raise Unreachable(f"cannot connect to {shown(address)}: {reason}") from None


def shown(address):
    kind, place = address
    return place if kind == "unix" else f"{place[0]}:{place[1]}"


def _not_empty(path, text):
    if not path:
        raise UsageProblem(f"{text!r} names no socket")
    return path


def _host_and_port(text, whole):
    host, colon, port = text.rpartition(":")
    if not colon or not (port.isascii() and port.isdigit()) or not 0 < int(port) <= PORT_MAX:
        raise UsageProblem(f"{whole!r} is neither a socket's path nor HOST:PORT")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    return host or "localhost", int(port)
