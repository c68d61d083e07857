# SPDX-License-Identifier: Apache-2.0
"""A QMP client over a connected stream socket: commands, replies, and the events between them."""

import json
import socket
import threading
import time

from patience import patient


class QmpError(Exception):
    """The reply was an error, or there was none."""

    def __init__(self, error_class, text):
        super().__init__(f"{error_class}: {text}")
        self.error_class = error_class


class Qmp:
    """Owns the socket.  `on_message(arrow, text)` sees each line sent ("->") and received."""

    def __init__(self, connection, on_message=None):
        self.events = []
        self.greeting = None
        self.on_message = on_message
        self._socket = connection
        self._replies = {}
        self._count = 0
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, name="qmp", daemon=True)
        self._thread.start()

    def negotiate(self, timeout_s=30):
        """The greeting, after qmp_capabilities was accepted."""
        with self._changed:
            self._wait(lambda: self.greeting, timeout_s, "the greeting")
        self.command("qmp_capabilities")
        return self.greeting

    def command(self, name, timeout_s=30, **arguments):
        """The "return" member of the reply; QmpError for an error."""
        self._count += 1
        request = {"execute": name, "id": self._count}
        if arguments:
            request["arguments"] = arguments
        text = json.dumps(request)
        if self.on_message:
            self.on_message("->", text)
        try:
            self._socket.sendall(text.encode() + b"\n")
        except OSError as error:
            raise QmpError("Disconnected", f"{name}: {error}") from None
        with self._changed:
            self._wait(lambda: request["id"] in self._replies, timeout_s, f"the reply to {name}")
            reply = self._replies.pop(request["id"])
        if "error" in reply:
            raise QmpError(reply["error"]["class"], reply["error"]["desc"])
        return reply["return"]

    def wait_event(self, name, timeout_s=30, start=0):
        """The first event `name` at or after events[start]."""
        def find():
            return next((event for event in self.events[start:] if event["event"] == name), None)

        with self._changed:
            return self._wait(find, timeout_s, f"event {name}")

    def event_names(self):
        with self._changed:
            return [event["event"] for event in self.events]

    def close(self):
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._thread.join(2)
        self._socket.close()

    def _wait(self, ready, timeout_s, what):
        timeout_s = patient(timeout_s)
        deadline = time.monotonic() + timeout_s
        while True:
            found = ready()
            if found:
                return found
            left = deadline - time.monotonic()
            if self._closed or left <= 0:
                why = "the connection ended" if self._closed else f"none came in {timeout_s:.0f} s"
                raise QmpError("Disconnected" if self._closed else "Timeout", f"{what}: {why}")
            self._changed.wait(left)

    def _read(self):
        pending = b""
        while True:
            try:
                data = self._socket.recv(65536)
            except OSError:
                data = b""
            *lines, pending = (pending + data).split(b"\n")
            for line in lines:
                self._take(line.decode("utf-8", "replace").strip())
            if not data:
                with self._changed:
                    self._closed = True
                    self._changed.notify_all()
                return

    def _take(self, text):
        if not text:
            return
        if self.on_message:
            self.on_message("<-", text)
        message = json.loads(text)
        with self._changed:
            if "QMP" in message:
                self.greeting = message
            elif "event" in message:
                self.events.append(message)
            else:
                self._replies[message.get("id")] = message
            self._changed.notify_all()
