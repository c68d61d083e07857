# SPDX-License-Identifier: Apache-2.0
"""A QMP server that says what a test wants: it serves one connection with a function."""

import json
import os
import shutil
import socket
import tempfile
import threading

GREETING = {"QMP": {"version": {"qemu": {"major": 7, "minor": 2, "micro": 0}, "package": "fake"},
                    "capabilities": ["oob"]}}


class Peer:
    """The server's end of a connection."""

    def __init__(self, connection):
        self._socket = connection
        self._lines = connection.makefile("rb")

    def send(self, *messages):
        """Bytes as they are, all else as JSON on a line that ends as QEMU's lines do."""
        for message in messages:
            if not isinstance(message, bytes):
                message = json.dumps(message).encode() + b"\r\n"
            self._socket.sendall(message)

    def command(self):
        """The next request, None at the end."""
        line = self._lines.readline()
        return json.loads(line) if line else None

    def stop_listening(self):
        self._socket.shutdown(socket.SHUT_RD)

    def answer(self, value, before=()):
        """Takes a command, says `before`, then returns `value`; the command as it came."""
        request = self.command()
        self.send(*before, {"return": value, "id": request["id"]})
        return request

    def negotiate(self, greeting=GREETING):
        self.send(greeting)
        return self.answer({})


class FakeServer:
    """Listens on a Unix socket; `serve(peer)` runs in a thread, and then the connection ends.

    What `serve` returns is in `result` when the context is left; what it raises is raised there.
    """

    def __init__(self, serve, family=socket.AF_UNIX):
        self._folder = tempfile.mkdtemp(prefix="qmp_shell_test.")
        self._listener = socket.socket(family, socket.SOCK_STREAM)
        if family == socket.AF_UNIX:
            self.address = os.path.join(self._folder, "socket")
            self._listener.bind(self.address)
        else:
            self._listener.bind(("127.0.0.1", 0))
            self.address = "127.0.0.1:%d" % self._listener.getsockname()[1]
        self._listener.listen()
        self._serve = serve
        self._problem = None
        self.result = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, kind, value, traceback):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(60)
        self._listener.close()
        shutil.rmtree(self._folder, ignore_errors=True)
        if self._problem and not kind:
            raise self._problem

    def _run(self):
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        try:
            self.result = self._serve(Peer(connection))
        except (BrokenPipeError, ConnectionResetError):
            pass
        except Exception as problem:
            self._problem = problem
        finally:
            connection.close()
