# SPDX-License-Identifier: Apache-2.0
"""A QMP client on one thread: greeting, negotiation, commands and their replies, and events."""

import collections
import json
import socket
import time

from qmp.address import connect, shown
from qmp.framing import MESSAGE_BYTES_MAX, Framer
from qmp.status import CommandError, Disconnected, ProtocolProblem, TimedOut, UsageProblem

RECEIVE_BYTES = 1 << 16


class Deadline:
    """A point in time, or never (None)."""

    def __init__(self, seconds=None):
        self._seconds = seconds
        self._end = None if seconds is None else time.monotonic() + seconds

    def left(self, what):
        """Seconds until then, None for never; TimedOut when it has passed."""
        if self._end is None:
            return None
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimedOut(f"{what} did not come in {self._seconds:g} s")
        return left


class Client:
    """Owns the socket.  `on_send(text)` sees what is sent.

    A problem is final: it is raised again by every later call.
    """

    def __init__(self, connection, name="the server", on_send=None,
                 message_bytes_max=MESSAGE_BYTES_MAX):
        self.name = name
        self.greeting = {}
        self._socket = connection
        self._on_send = on_send
        self._framer = Framer(message_bytes_max)
        self._arrived = collections.deque()
        self._problem = None
        self._count = 0
        self._unwanted = set()

    @classmethod
    def connect(cls, address, deadline, on_send=None):
        """A client that has negotiated, with out-of-band execution where it is offered."""
        connection = connect(address, deadline.left("the connection"))
        client = cls(connection, shown(address), on_send)
        try:
            client.negotiate(deadline)
        except BaseException:
            client.close()
            raise
        return client

    def negotiate(self, deadline):
        greeting = self.receive(deadline, "the greeting (has the monitor another client?)")
        if not isinstance(greeting.get("QMP"), dict):
            raise self._fail(ProtocolProblem(f"{self.name} does not greet as QMP does"))
        self.greeting = greeting["QMP"]
        request = {"execute": "qmp_capabilities"}
        offered = self.greeting.get("capabilities")
        if isinstance(offered, list) and "oob" in offered:
            request["arguments"] = {"enable": ["oob"]}
        try:
            returned(self.execute(request, deadline))
        except CommandError as error:
            refused = ProtocolProblem(f"{self.name} does not negotiate: {error}")
            raise self._fail(refused) from None

    def execute(self, request, deadline, on_message=lambda message: None):
        """The whole reply, with the request's own id.  Others' messages go to `on_message`."""
        text, had_id, own_id = self._numbered(request)
        if self._on_send:
            self._on_send(text)
        reply = self._reply(text, deadline, on_message, f"the reply to {named(request)}")
        if had_id:
            reply["id"] = own_id
        return reply

    def execute_aside(self, request, deadline):
        """The reply to a request that nobody sees.  Others' messages are kept for later."""
        text, _, _ = self._numbered(request)
        number, kept = self._count, []
        try:
            return self._reply(text, deadline, kept.append, f"the reply to {named(request)}")
        except BaseException:
            self._unwanted.add(number)
            raise
        finally:
            self._arrived.extendleft(reversed(kept))

    def _numbered(self, request):
        """The request's text under a number of ours, and the id that it had."""
        self._count += 1
        request = dict(request)
        had_id, own_id = "id" in request, request.pop("id", None)
        request["id"] = self._count
        try:
            return json.dumps(request), had_id, own_id
        except RecursionError:
            raise UsageProblem("the arguments are nested too deeply") from None

    def _reply(self, text, deadline, on_message, what):
        self._send(text, deadline)
        while True:
            message = self.receive(deadline, what)
            if is_reply(message) and message.get("id", self._count) == self._count:
                message.pop("id", None)
                return message
            on_message(message)

    def receive(self, deadline, what):
        """The next message, whatever it is; `what` is waited for."""
        while not self._arrived:
            self._read(deadline.left(what))
        return self._arrived.popleft()

    def arrived(self):
        """The messages that are here already; asks the socket once, and does not wait."""
        if not self._arrived:
            self._read(0)
        messages = list(self._arrived)
        self._arrived.clear()
        return messages

    def has_arrived(self):
        """Whether a message was read that nobody has taken yet; the socket is not asked."""
        return bool(self._arrived) or self._problem is not None

    def fileno(self):
        return self._socket.fileno()

    def close(self):
        self._socket.close()

    def _send(self, text, deadline):
        """To a server that no longer listens nothing is sent; it may have said why."""
        if self._problem:
            raise self._problem
        try:
            self._socket.settimeout(deadline.left("room for the command"))
            self._socket.sendall(text.encode() + b"\n")
        except socket.timeout:
            raise self._fail(TimedOut(f"{self.name} does not take the command")) from None
        except (BrokenPipeError, ConnectionResetError):
            pass
        except OSError as error:
            raise self._fail(self._lost(error)) from None

    def _read(self, timeout_s):
        """Reads once; at a timeout other than 0 the caller's deadline tells."""
        if self._problem:
            raise self._problem
        try:
            self._socket.settimeout(timeout_s)
            data = self._socket.recv(RECEIVE_BYTES)
        except (socket.timeout, BlockingIOError):
            return
        except OSError as error:
            raise self._fail(self._lost(error)) from None
        if not data:
            raise self._fail(self._lost(None))
        try:
            for message in self._framer.feed(data):
                if not self._is_unwanted(checked(message)):
                    self._arrived.append(message)
        except ProtocolProblem as problem:
            self._fail(ProtocolProblem(f"{self.name}: {problem}"))
            if not self._arrived:
                raise self._problem from None

    def _is_unwanted(self, message):
        number = message.get("id")
        return is_reply(message) and isinstance(number, int) and number in self._unwanted

    def _lost(self, error):
        if error is None or isinstance(error, ConnectionResetError):
            return Disconnected(f"{self.name} closed the connection")
        return Disconnected(f"{self.name}: {error.strerror or error}")

    def _fail(self, problem):
        self._problem = problem
        return problem


def named(request):
    return request.get("execute", request.get("exec-oob"))


def is_reply(message):
    return "return" in message or "error" in message


def returned(reply):
    """The "return" member; CommandError for an error."""
    if "error" in reply:
        raise CommandError(reply["error"]["class"], reply["error"]["desc"])
    return reply["return"]


def checked(message):
    """`message` when it has the form of a greeting, an event or a reply."""
    if "error" in message:
        error = message["error"]
        good = isinstance(error, dict) and all(
            isinstance(error.get(key), str) for key in ("class", "desc"))
    elif "event" in message:
        good = isinstance(message["event"], str)
    else:
        good = "return" in message or "QMP" in message
    if not good:
        raise ProtocolProblem(f"this is no QMP message: {json.dumps(message)[:60]}")
    return message
