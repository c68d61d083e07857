# SPDX-License-Identifier: Apache-2.0
"""tools/qmp_shell as a person uses it: typed into a terminal, against QEMU and against siskin.

Skipped aloud where tmux, the machine or a command that only QEMU has is missing.
"""

import os
import pathlib
import signal
import sys
import tempfile
import threading
import unittest

sys.dont_write_bytecode = True  # keeps the source tree clean
TREE = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TREE / "tools"), str(TREE / "tools" / "nested")]

import closing
import machine
import terminal
from fake_server import FakeServer

SHELL = TREE / "tools" / "qmp_shell"


class AtTerminal:
    """A person's ways, against what listens at `address`."""

    prompt = "(QEMU)"

    def setUp(self):
        self.state = self.enterContext(tempfile.TemporaryDirectory())
        self.terminal = terminal.Terminal({"XDG_STATE_HOME": self.state})
        self.addCleanup(self.terminal.close)

    def start(self, *options, address=None):
        self.terminal.enter(" ".join([str(SHELL), *options, address or self.address]))
        self.terminal.wait_text("Connected to")
        self.terminal.wait_line(self.prompt)

    def typed(self, text):
        """Types at the prompt, and waits until the screen shows it."""
        self.terminal.type(text)
        return self.terminal.wait_line(f"{self.prompt} {text}")

    def leave(self):
        self.terminal.press("C-d")
        self.terminal.wait_line("$")

    def is_restored(self):
        """Whether the terminal is in line mode with echo, as a shell expects it."""
        self.terminal.press("C-l")
        self.terminal.enter("stty -a | tr -s ' ;' '\\n' | grep -xc -e icanon -e echo -e isig")
        lines = self.terminal.wait(lambda lines: len(lines) == 3 and "stty" in lines[0],
                                   "the answer of stty")
        return lines[1:] == ["3", "$"]


class MachineCase(AtTerminal):
    """The cases, for a machine that a subclass names."""

    command = None

    @classmethod
    def setUpClass(cls):
        reason = machine.why_not(cls.command)
        if reason:
            raise unittest.SkipTest(reason)
        cls.machine = machine.Machine(cls.command)
        cls.addClassCleanup(cls.machine.close)
        cls.address = cls.machine.address
        cls.commands = {entry["name"] for entry in cls.machine.ask("query-commands")}

    def need(self, command):
        if command not in self.commands:
            self.skipTest(f"this machine has no {command}")

    def test_a_command_is_completed_and_answered(self):
        self.start()
        self.terminal.type("query-nam")
        self.terminal.press("Tab")
        self.terminal.wait_line(f"{self.prompt} query-name")
        self.terminal.press("Enter")
        self.terminal.wait_text('{"return": {}}')
        self.terminal.wait_line(self.prompt)
        self.leave()

    def test_tab_lists_what_there_is(self):
        self.start()
        self.terminal.type("system_")
        self.terminal.press("Tab", "Tab")
        self.terminal.wait(
            lambda lines: any({"system_powerdown", "system_reset"} <= set(line.split())
                              for line in lines), "a list of commands")
        self.terminal.wait_line(f"{self.prompt} system_")

    def test_arguments_and_values_are_completed(self):
        self.need("blockdev-add")
        self.start()
        for keys, shown in (("blockdev-a", "blockdev-add"), ("driver=ra", "driver=raw"),
                            ("node-", "node-name="), ("x read", "x read-only="),
                            ("t", "true"), ("file.driver=fi", "file.driver=file"),
                            ("file.filen", "file.filename=")):
            before = self.terminal.lines()[-1]
            joint = "" if before.endswith("=") or before == self.prompt else " "
            joint = " " if before == self.prompt else joint
            self.terminal.type(keys)
            self.terminal.press("Tab")
            self.terminal.wait_line(before + joint + shown)
        self.terminal.press("C-c")
        self.terminal.wait_line(self.prompt)

    def test_up_brings_back_the_lines_of_this_session_and_the_last(self):
        self.start()
        for line in ("query-name", "query-uuid"):
            self.terminal.enter(line)
            self.terminal.wait(lambda lines: lines[-1].rstrip() == self.prompt
                               and lines[-2].startswith('{"return"'), "a reply")
        self.terminal.press("Up", "Up")
        self.terminal.wait_line(f"{self.prompt} query-name")
        self.terminal.press("Down", "C-u")
        self.terminal.wait_line(self.prompt)
        self.leave()
        self.terminal.press("C-l")
        self.start()
        self.terminal.press("Up")
        self.terminal.wait_line(f"{self.prompt} query-uuid")

    def test_an_event_leaves_the_line_being_typed_alone(self):
        self.start()
        self.typed("query-sta")
        self.machine.ask("system_reset")
        lines = self.terminal.wait_text('"event": "RESET"')
        self.terminal.wait_line(f"{self.prompt} query-sta")
        self.assertEqual(sum("query-sta" in line for line in lines), 1, lines)
        self.terminal.enter("tus")
        self.terminal.wait_text('"status": "prelaunch"')

    def test_an_event_leaves_a_long_line_and_its_cursor_alone(self):
        text = "x" * 150
        self.start()
        self.terminal.type('{"execute": "query-name", "id": "' + text + '"}')
        self.terminal.wait(lambda lines: lines[-1].endswith('x"}'), "the line")
        self.terminal.press("Left", "Left")
        self.machine.ask("system_reset")
        self.terminal.wait_text('"event": "RESET"')
        self.terminal.wait(lambda lines: lines[-1].endswith('x"}')
                           and sum(self.prompt in line for line in lines) == 1, "the line again")
        self.terminal.type("END")
        self.terminal.press("Enter")
        reply = '{"return": {}, "id": "' + text + 'END"}'
        self.terminal.wait(lambda lines: reply in "".join(lines), "the reply with the id")

    def test_lines_wrap_at_the_terminals_new_width(self):
        text = "y" * 75
        self.start()
        self.terminal.resize(50)
        self.terminal.type('{"execute": "query-name", "id": "' + text)
        self.terminal.wait(lambda lines: text in "".join(lines), "the line on three rows")
        self.machine.ask("system_reset")
        self.terminal.wait(lambda lines: '"event": "RESET"' in "".join(lines), "the event")
        self.terminal.wait(lambda lines: text in "".join(lines)
                           and sum(self.prompt in line for line in lines) == 1, "one prompt")
        self.terminal.enter('"}')
        reply = '{"return": {}, "id": "' + text + '"}'
        self.terminal.wait(lambda lines: reply in "".join(lines), "the reply")

    def test_the_human_monitor_completes_from_its_help(self):
        self.need("human-monitor-command")
        self.start("-H")
        for keys, shown in (("inf", "info"), ("statu", "info status")):
            self.terminal.type(keys)
            self.terminal.press("Tab")
            self.terminal.wait_line(f"{self.prompt} {shown}")
        self.terminal.press("Enter")
        self.terminal.wait_text("VM status: ")
        self.leave()

    def test_pretty_output_has_many_lines(self):
        self.start("-p")
        self.terminal.enter("query-name")
        self.terminal.wait(lambda lines: [line.rstrip() for line in lines[-4:]] == [
            "{", '  "return": {}', "}", self.prompt], "the reply on three lines")

    def test_errors_are_shown_and_the_shell_goes_on(self):
        self.start()
        self.terminal.enter("query-nonsense")
        self.terminal.wait_text('"class": "CommandNotFound"')
        self.terminal.enter("query-name x")
        self.terminal.wait_text("'x' is not KEY=VALUE")
        self.terminal.wait_line(self.prompt)

    def test_ctrl_c_forgets_a_line_and_ctrl_d_leaves_the_terminal_as_it_was(self):
        self.start()
        self.typed("quit")
        self.terminal.press("C-c")
        self.terminal.wait_text(f"{self.prompt} quit^C")
        self.terminal.wait_line(self.prompt)
        self.terminal.press("C-c")
        self.terminal.wait_text("^C (Ctrl-D leaves)")
        self.terminal.wait_line(self.prompt)
        self.leave()
        self.terminal.enter("echo status $?")
        self.terminal.wait_text("status 0")
        self.assertTrue(self.is_restored())

    def test_ctrl_z_gives_the_terminal_back_until_fg(self):
        self.start()
        self.typed("query-")
        self.terminal.press("C-z")
        self.terminal.wait_text("Stopped")
        self.assertTrue(self.is_restored())
        self.terminal.enter("fg")
        self.terminal.wait_line(f"{self.prompt} query-")
        self.terminal.enter("name")
        self.terminal.wait_text('{"return": {}}')

    def test_a_machine_that_goes_is_told_in_a_line(self):
        other = machine.Machine(self.command)
        self.addCleanup(other.close)
        self.start(address=other.address)
        self.typed("query-")
        other.ask("quit")
        self.terminal.wait_text("closed the connection")
        self.terminal.enter("echo status $?")
        lines = self.terminal.wait_text("status 3")
        self.assertFalse(any(line.startswith(f"{self.prompt} query-") for line in lines), lines)
        self.assertTrue(self.is_restored())

    def test_quit_ends_machine_and_shell(self):
        other = machine.Machine(self.command)
        self.addCleanup(other.close)
        self.start(address=other.address)
        self.terminal.enter("quit")
        self.terminal.wait_text("closed the connection")
        self.terminal.enter("echo status $?")
        self.terminal.wait_text("status 0")
        self.assertTrue(self.is_restored())


class BadServerCase(AtTerminal, unittest.TestCase):
    def test_bytes_that_are_no_qmp_end_the_shell_and_reach_no_terminal(self):
        def serve(peer):
            peer.negotiate()
            peer.command()
            peer.send({"event": "E", "data": "\x1b[2J"}, b"\x1b]0;title\x07 rubbish\n")
            peer.command()

        with FakeServer(serve) as server:
            self.start(address=server.address)
            self.terminal.enter("x")
            self.terminal.wait_text("\\u001b[2J")
            self.terminal.wait_text("rubbish")
            self.terminal.wait_line("$")
        self.assertTrue(self.is_restored())

    def test_ctrl_c_stops_waiting_for_a_reply_that_is_shown_when_it_comes(self):
        may_answer = threading.Event()

        def serve(peer):
            peer.negotiate()
            request = peer.command()
            may_answer.wait(terminal.LIMIT_S)
            peer.send({"return": "late", "id": request["id"]})
            peer.command()

        with FakeServer(serve) as server:
            self.start(address=server.address)
            self.terminal.enter("slow")
            self.terminal.wait(lambda lines: lines[-1].endswith("slow"), "the command")
            self.terminal.press("C-c")
            self.terminal.wait_text("no longer waiting")
            self.typed("next")
            may_answer.set()
            self.terminal.wait_text('"return": "late"')
            self.terminal.wait_line(f"{self.prompt} next")
            self.terminal.press("C-u")
            self.leave()

    def test_a_flood_of_events_leaves_the_prompt(self):
        def serve(peer):
            peer.negotiate()
            peer.answer("first")
            for number in range(2000):
                peer.send({"event": "E", "data": {"number": number}})
            peer.answer("still here")
            peer.command()

        with FakeServer(serve) as server:
            self.start(address=server.address)
            self.terminal.enter("flood")
            self.terminal.wait_text('"number": 1999')
            self.typed("x")
            self.terminal.press("Enter")
            self.terminal.wait_text("still here")
            self.leave()

    def test_sigterm_gives_the_terminal_back(self):
        def serve(peer):
            peer.negotiate()
            peer.command()

        with FakeServer(serve) as server:
            self.terminal.enter(f"sh -c 'echo $$ >{self.state}/pid; exec {SHELL} {server.address}'")
            self.terminal.wait_line(self.prompt)
            self.typed("x")
            os.kill(int(pathlib.Path(self.state, "pid").read_text()), signal.SIGTERM)
            self.terminal.wait_line("$")
        self.assertTrue(self.is_restored())


class QemuCase(MachineCase, unittest.TestCase):
    command = machine.QEMU


class SiskinCase(MachineCase, unittest.TestCase):
    command = machine.SISKIN
    prompt = "(siskin)"


if __name__ == "__main__":
    if not terminal.usable():
        print("skipped: there is no tmux or no bash\n0 passed, 0 failed, 1 skipped")
        sys.exit(closing.ALL_SKIPPED)
    sys.exit(closing.run(BadServerCase, QemuCase, SiskinCase))
