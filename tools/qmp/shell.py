# SPDX-License-Identifier: Apache-2.0
"""The interactive shell: a prompt, commands and their replies, and events as they come."""

import os
import select
import signal
import sys

from qmp.client import Deadline, is_reply, returned
from qmp.completion import HelpCompleter, SchemaCompleter
from qmp.editor import END, NOTHING_YET, new_editor
from qmp.history import History
from qmp.output import harmless, harmless_line, monitor_text, to_json
from qmp.status import Disconnected, Exit, Problem, UsageProblem
from qmp.syntax import parse_value, request_of, split_words

COMPLETION_LIMIT_S = 5


class Shell:
    """Runs on the main thread, because signals arrive there."""

    def __init__(self, client, human=False, pretty=False):
        self._client = client
        self._human = human
        self._pretty = pretty
        self._cpu = None
        self._may_close = False
        self._status = Exit.SUCCESS
        completer = HelpCompleter(self._help_of) if human else SchemaCompleter(self._returned)
        self._editor = new_editor(completer.candidates)
        self._prompt = f"({product(client.greeting)}) "
        self._asked = os.isatty(0)

    def run(self):
        """The exit status; the terminal is as it was before."""
        history = None
        if self._editor.readline:
            history = History(self._editor.readline, say_problem)
            history.load()
        if self._asked:
            print(f"Connected to {described(self._client)}. TAB completes, Ctrl-D leaves.")
        self._catch_signals()
        try:
            return self._turns(history)
        except Problem as problem:
            self._editor.erase()
            if not (self._may_close and isinstance(problem, Disconnected)):
                raise
            print(harmless_line(str(problem)), flush=True)
            return Exit.SUCCESS
        finally:
            if self._editor.end():
                print(flush=True)
            if history:
                history.save()

    def _turns(self, history):
        while True:
            line = self._read_line()
            if line is END:
                print(end="\n" if self._asked else "", flush=True)
                return Exit.SUCCESS if self._asked else self._status
            if history:
                history.add(line)
            if line.strip():
                self._execute(line)

    def _read_line(self):
        """A line, or END; what the server sends meanwhile is shown above the prompt."""
        self._editor.begin(self._prompt)
        while True:
            try:
                line = self._wait()
            except KeyboardInterrupt:
                if not self._asked:
                    raise
                self._interrupted()
                continue
            if line is not NOTHING_YET:
                return line

    def _wait(self):
        """Looks at both sides once; a line that is here goes before what the server says."""
        line = NOTHING_YET
        if self._editor.has_line():
            return self._editor.feed()
        if self._client.has_arrived():
            self._show_arrived()
        ready, _, _ = select.select([self._editor, self._client], [], [])
        if self._editor in ready:
            line = self._editor.feed()
        if line is NOTHING_YET and self._client in ready:
            self._show_arrived()
        return line

    def _show_arrived(self):
        messages = self._client.arrived()
        if messages:
            with self._editor.hidden():
                for message in messages:
                    self._show(message)

    def _interrupted(self):
        """Ctrl-C forgets the line; at an empty one it says how to leave."""
        empty = not self._editor.line_so_far()
        self._editor.end()
        print("^C" + (" (Ctrl-D leaves)" if empty else ""), flush=True)
        self._editor.begin(self._prompt)

    def _execute(self, line):
        try:
            request = self._human_request(line) if self._human else request_of(split_words(line))
            if request is None:
                return
            self._may_close = is_quit(request, line)
            reply = self._client.execute(request, Deadline(), self._show)
        except UsageProblem as problem:
            self._failed(str(problem))
            return
        except KeyboardInterrupt:
            if not self._asked:
                raise
            print("^C no longer waiting; the reply is shown when it comes", flush=True)
            return
        if "error" in reply:
            self._may_close = False
            self._status = Exit.COMMAND
        self._show(reply)

    def _human_request(self, line):
        """`cpu N` chooses the CPU of later commands, for each command stands alone in QMP."""
        words = line.split()
        if words[0] == "cpu" and len(words) == 2:
            cpu = parse_value(words[1])
            if type(cpu) is not int:
                raise UsageProblem(f"{words[1]!r} is no CPU's number")
            reply = self._client.execute(human_request("", cpu), Deadline(), self._show)
            if "error" in reply:
                self._show(reply)
            else:
                self._cpu = cpu
            return None
        return human_request(line.strip(), self._cpu)

    def _show(self, message):
        if self._human and is_reply(message):
            self._show_human(message)
        else:
            print(to_json(message, self._pretty), flush=True)

    def _show_human(self, reply):
        if "error" in reply:
            self._failed(f"{reply['error']['class']}: {reply['error']['desc']}")
        elif isinstance(reply["return"], str):
            text = monitor_text(reply["return"])
            print(text, end="\n" if text else "", flush=True)
        else:
            print(to_json(reply["return"], self._pretty), flush=True)

    def _failed(self, text):
        self._status = Exit.COMMAND
        say_problem(text)

    def _returned(self, command):
        """For completion: what a command returns."""
        return returned(self._client.execute_aside({"execute": command}, _completion_limit()))

    def _help_of(self, command):
        line = f"help {command}".strip()
        text = returned(self._client.execute_aside(human_request(line), _completion_limit()))
        return text.replace("\r", "") if isinstance(text, str) else ""

    def _catch_signals(self):
        def end(number, frame):
            raise SystemExit(128 + number)

        def stop(number, frame):
            self._editor.suspend(lambda: os.kill(os.getpid(), signal.SIGSTOP))

        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, end)
        if self._editor.readline:
            signal.signal(signal.SIGTSTP, stop)
            signal.signal(signal.SIGWINCH, lambda number, frame: self._editor.resized())


def human_request(line, cpu=None):
    arguments = {"command-line": line}
    if cpu is not None:
        arguments["cpu-index"] = cpu
    return {"execute": "human-monitor-command", "arguments": arguments}


def product(greeting):
    package = _version(greeting).get("package")
    return "siskin" if isinstance(package, str) and "siskin" in package else "QEMU"


def described(client):
    """The server's product and version, as its greeting has them, and its address."""
    version = _version(client.greeting)
    package = version.get("package")
    if product(client.greeting) == "siskin":
        return harmless_line(f"{package} at {client.name}")
    numbers = version.get("qemu")
    numbers = numbers if isinstance(numbers, dict) else {}
    dotted = ".".join(str(numbers.get(part, "?")) for part in ("major", "minor", "micro"))
    named = f" ({package})" if isinstance(package, str) and package else ""
    return harmless_line(f"QEMU {dotted}{named} at {client.name}")


def is_quit(request, line):
    return request.get("execute") == "quit" or line.strip() in ("quit", "q")


def say_problem(text):
    print(harmless(text), file=sys.stderr, flush=True)


def _completion_limit():
    return Deadline(COMPLETION_LIMIT_S)


def _version(greeting):
    version = greeting.get("version")
    return version if isinstance(version, dict) else {}
