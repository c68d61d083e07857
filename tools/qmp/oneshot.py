# SPDX-License-Identifier: Apache-2.0
"""The one-shot form: commands from the command line or stdin, their results on stdout."""

import sys

from qmp.client import Client, Deadline, returned
from qmp.framing import objects_in
from qmp.output import monitor_text, to_json
from qmp.status import Exit, ProtocolProblem, UsageProblem
from qmp.syntax import checked_request, request_of, with_arguments

GREETING_LIMIT_S = 10


class EventWatch:
    """Keeps the first event of one name, whenever it comes."""

    def __init__(self, name):
        self._name = name
        self.found = None

    def see(self, message):
        if self.found is None and self._name and message.get("event") == self._name:
            self.found = message

    def wait(self, client, deadline):
        while self._name and self.found is None:
            self.see(client.receive(deadline, f"event {self._name}"))
        return self.found


def requests_of(words, human, stdin):
    """The requests of the command line; "-" stands for JSON objects from `stdin`."""
    if human:
        line = " ".join(words)
        request = {"execute": "human-monitor-command", "arguments": {"command-line": line}}
        return [request] if line else []
    if words == ["-"]:
        return [checked_request(request) for request in _from(stdin)]
    if words[1:] == ["-"]:
        given = _from(stdin)
        if len(given) > 1:
            raise UsageProblem("stdin has more than one object of arguments")
        return [with_arguments(words[0], arguments) for arguments in given or [{}]]
    if "-" in words[1:]:
        raise UsageProblem('"-" is the only argument or none')
    return [request_of(words)] if words else []


def run(address, requests, options, show):
    """Connects, executes `requests` until one fails, waits for the event; the exit status."""
    deadline = Deadline(options.timeout)
    greeting_limit = deadline if options.timeout else Deadline(GREETING_LIMIT_S)
    client = Client.connect(address, greeting_limit, show.sent)
    try:
        watch = EventWatch(options.wait_event)
        for request in requests:
            show.result(returned(client.execute(request, deadline, watch.see)))
        event = watch.wait(client, deadline)
        if event:
            show.event(event)
    finally:
        client.close()
    return Exit.SUCCESS


class Show:
    """Where results go: stdout; what is sent is shown on stderr."""

    def __init__(self, human, pretty, verbose):
        self._human = human
        self._pretty = pretty or sys.stdout.isatty()
        self.sent = self._sent if verbose else None

    def result(self, value):
        if self._human and isinstance(value, str):
            text = monitor_text(value)
            print(text, end="\n" if text else "", flush=True)
        else:
            self.event(value)

    def event(self, value):
        print(to_json(value, self._pretty), flush=True)

    def _sent(self, text):
        print(f"-> {text}", file=sys.stderr, flush=True)


def _from(stdin):
    try:
        return objects_in(stdin.buffer.read())
    except ProtocolProblem as problem:
        raise UsageProblem(f"stdin: {problem}") from None
