# SPDX-License-Identifier: Apache-2.0
"""Cases of the two programs as a script runs them: what they print and how they exit."""

import json
import os
import pathlib
import shutil
import stat
import subprocess
import tempfile
import unittest

from fake_server import FakeServer
from patience import patient
from qmp.history import History
from qmp.status import Exit
from qmp_client_cases import HOSTILE

TREE = pathlib.Path(__file__).resolve().parents[2]
ONE_SHOT = TREE / "tools" / "siskin-qmp"
SHELL = TREE / "tools" / "qmp_shell"
LIMIT_S = 120


def run(program, *words, text="", **options):
    options.setdefault("stdout", subprocess.PIPE)
    return subprocess.run([str(program), *words], input=text, stderr=subprocess.PIPE, text=True,
                          timeout=LIMIT_S, **options)


def serving(*replies, before=()):
    """A server's function: negotiates, then answers a command with each of `replies`."""
    def serve(peer):
        peer.negotiate()
        return [peer.answer(reply, before) for reply in replies]

    return serve


def failing(description):
    def serve(peer):
        peer.negotiate()
        request = peer.command()
        error = {"class": "DeviceNotFound", "desc": description}
        peer.send({"error": error, "id": request["id"]})

    return serve


class ProgramCase(unittest.TestCase):
    def ended(self, done, status, out=None, error=None):
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        if out is not None:
            self.assertEqual(done.stdout, out)
        if error is not None:
            self.assertRegex(done.stderr, error)
        return done


class OneShotCase(ProgramCase):
    def test_the_result_is_one_line_of_json(self):
        with FakeServer(serving({"status": "running"})) as server:
            done = run(ONE_SHOT, server.address, "query-status")

        self.ended(done, Exit.SUCCESS, '{"status": "running"}\n')
        self.assertEqual(done.stderr, "")

    def test_p_prints_it_on_many(self):
        with FakeServer(serving({"a": 1})) as server:
            done = run(ONE_SHOT, "-p", server.address, "x")

        self.ended(done, Exit.SUCCESS, '{\n  "a": 1\n}\n')

    def test_pairs_and_objects_become_arguments(self):
        with FakeServer(serving({})) as server:
            self.ended(run(ONE_SHOT, server.address, "device_add", "driver=virtio-blk-pci",
                           '{"id": "d0"}', "a.b=1"), Exit.SUCCESS)

        self.assertEqual(server.result[0]["arguments"],
                         {"driver": "virtio-blk-pci", "id": "d0", "a": {"b": 1}})

    def test_stdin_gives_the_arguments(self):
        with FakeServer(serving({})) as server:
            self.ended(run(ONE_SHOT, server.address, "x", "-", text='{"a": [1]}'), Exit.SUCCESS)

        self.assertEqual(server.result[0]["arguments"], {"a": [1]})

    def test_stdin_gives_requests_which_end_at_the_first_error(self):
        def serve(peer):
            peer.negotiate()
            peer.answer(1)
            request = peer.command()
            peer.send({"error": {"class": "GenericError", "desc": "no"}, "id": request["id"]})
            return peer.command()

        with FakeServer(serve) as server:
            text = '{"execute": "a"} {"execute": "b"}\n{"execute": "c"}'
            self.ended(run(ONE_SHOT, server.address, "-", text=text), Exit.COMMAND, "1\n",
                       "^GenericError: no\n$")

        self.assertIsNone(server.result)

    def test_a_whole_request_may_be_given(self):
        with FakeServer(serving({})) as server:
            self.ended(run(ONE_SHOT, server.address, '{"exec-oob": "x", "id": 7}'), Exit.SUCCESS)

        self.assertEqual(server.result[0]["exec-oob"], "x")

    def test_an_error_is_one_harmless_line(self):
        with FakeServer(failing("no\n\x1b[2J device")) as server:
            done = run(ONE_SHOT, server.address, "x")

        self.ended(done, Exit.COMMAND, "")
        self.assertEqual(done.stderr, "DeviceNotFound: no\\n\\x1b[2J device\n")

    def test_an_event_during_the_command_counts(self):
        before = [{"event": "OTHER"}, {"event": "DEVICE_DELETED", "data": {"device": "d0"}}]
        with FakeServer(serving({}, before=before)) as server:
            done = run(ONE_SHOT, server.address, "device_del", "id=d0", "--wait-event",
                       "DEVICE_DELETED", "--timeout", "60")

        self.ended(done, Exit.SUCCESS)
        self.assertEqual([json.loads(line) for line in done.stdout.splitlines()], [{}, before[1]])

    def test_an_event_can_be_waited_for_without_a_command(self):
        def serve(peer):
            peer.negotiate()
            peer.send({"event": "STOP"}, {"event": "SHUTDOWN"})

        with FakeServer(serve) as server:
            done = run(ONE_SHOT, server.address, "--wait-event", "SHUTDOWN")

        self.ended(done, Exit.SUCCESS, '{"event": "SHUTDOWN"}\n')

    def test_no_event_is_waited_for_after_an_error(self):
        with FakeServer(failing("no")) as server:
            self.ended(run(ONE_SHOT, server.address, "x", "--wait-event", "E"), Exit.COMMAND)

    def test_greeting_reply_and_event_have_a_time_limit(self):
        steps = {"greeting": lambda peer: peer.command(),
                 "reply to x": lambda peer: (peer.negotiate(), peer.command(), peer.command()),
                 "event E": lambda peer: (peer.negotiate(), peer.answer({}), peer.command())}
        for what, serve in steps.items():
            with self.subTest(what), FakeServer(serve) as server:
                done = run(ONE_SHOT, server.address, "x", "--wait-event", "E",
                           "--timeout", str(patient(1.5)))
                self.ended(done, Exit.TIMEOUT, error=f"{what}.* did not come in [0-9.]+ s\n$")

    def test_wrong_usage_sends_nothing(self):
        for words in ([], ["a"], ["a", "b", "c"], ["a", "{"], ["a", "--wait-event"], ["a", "{}"],
                      ["a", "b", "--timeout", "0"], ["a", "b", "--timeout", "nan"], ["a", "-"],
                      ["a:b:c", "x"], ["a", "x", "--unknown"], ["a", "x", "-", "y=1"]):
            with self.subTest(words):
                self.ended(run(ONE_SHOT, *words), Exit.USAGE, "", "siskin-qmp: ")

    def test_no_connection_and_a_lost_one_are_told(self):
        self.ended(run(ONE_SHOT, "/no/such/socket", "x"), Exit.CONNECTION, "",
                   "^siskin-qmp: cannot connect to /no/such/socket: No such file or directory\n$")
        with FakeServer(lambda peer: (peer.negotiate(), peer.command())) as server:
            self.ended(run(ONE_SHOT, server.address, "x"), Exit.CONNECTION, "",
                       "closed the connection\n$")

    def test_hostile_bytes_are_a_problem_of_the_connection(self):
        for name, data in HOSTILE.items():
            def serve(peer):
                peer.negotiate()
                peer.send(data)

            with self.subTest(name), FakeServer(serve) as server:
                self.ended(run(ONE_SHOT, server.address, "x"), Exit.CONNECTION, "",
                           "^siskin-qmp: .*\n$")

    def test_v_shows_what_is_sent(self):
        with FakeServer(serving({})) as server:
            done = run(ONE_SHOT, "-v", server.address, "x", "a=1")

        self.ended(done, Exit.SUCCESS, "{}\n")
        self.assertIn('-> {"execute": "x", "arguments": {"a": 1}, "id": 2}\n', done.stderr)

    def test_the_human_monitors_text_is_printed_as_text(self):
        with FakeServer(serving("VM status: \x1brunning\r\n")) as server:
            done = run(ONE_SHOT, "-H", server.address, "info", "status")

        self.ended(done, Exit.SUCCESS, "VM status: \\x1brunning\n")
        self.assertEqual(server.result[0]["arguments"], {"command-line": "info status"})

    def test_a_full_stdout_is_told(self):
        with FakeServer(serving({})) as server, open("/dev/full", "w") as full:
            self.ended(run(ONE_SHOT, server.address, "x", stdout=full), Exit.OUTPUT,
                       error="No space left on device")

    def test_help_has_the_table_of_exit_statuses(self):
        for program in (ONE_SHOT, SHELL):
            done = self.ended(run(program, "--help"), Exit.SUCCESS)
            for status in Exit:
                self.assertIn(f"  {int(status):<4} {status.meaning}\n", done.stdout)


class PipedShellCase(ProgramCase):
    def test_lines_of_a_file_are_executed_without_a_prompt(self):
        with FakeServer(serving({"a": 1}, 2)) as server:
            done = run(SHELL, server.address, text="query-status\n\nx a=1")

        self.ended(done, Exit.SUCCESS, '{"return": {"a": 1}}\n{"return": 2}\n')

    def test_errors_do_not_end_it_and_are_in_its_status(self):
        def serve(peer):
            failing("no")(peer)
            peer.answer(1)

        with FakeServer(serve) as server:
            done = run(SHELL, server.address, text="x\nbad pair\ny\n")

        self.ended(done, Exit.COMMAND, error="'pair' is not KEY=VALUE")
        self.assertIn('{"error": {"class": "DeviceNotFound", "desc": "no"}}\n', done.stdout)
        self.assertIn('{"return": 1}\n', done.stdout)

    def test_the_cpu_of_the_human_monitor_is_remembered(self):
        with FakeServer(serving("", "R0\r\n")) as server:
            done = run(SHELL, "-H", server.address, text="cpu 1\ninfo registers\n")

        self.ended(done, Exit.SUCCESS, "R0\n")
        self.assertEqual(server.result[1]["arguments"],
                         {"command-line": "info registers", "cpu-index": 1})

    def test_a_closed_connection_is_a_problem_except_after_quit(self):
        with FakeServer(serving({})) as server:
            self.ended(run(SHELL, server.address, text="x\ny\n"), Exit.CONNECTION)
        with FakeServer(serving({})) as server:
            self.ended(run(SHELL, server.address, text="quit\n"), Exit.SUCCESS)

    def test_it_is_one_shot_too(self):
        with FakeServer(serving(7)) as server:
            self.ended(run(SHELL, server.address, "x"), Exit.SUCCESS, "7\n")


class InstalledCase(ProgramCase):
    def test_the_programs_find_their_modules_where_they_are_installed(self):
        with tempfile.TemporaryDirectory() as prefix:
            shutil.copytree(TREE / "tools" / "qmp", f"{prefix}/share/siskin/qmp")
            os.mkdir(f"{prefix}/bin")
            os.mkdir(f"{prefix}/links")
            for program in (ONE_SHOT, SHELL):
                shutil.copy(program, f"{prefix}/bin")
                link = f"{prefix}/links/{program.name}"
                os.symlink(f"../bin/{program.name}", link)

                self.ended(run(link, "--help", cwd="/"), Exit.SUCCESS)


class HistoryCase(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.notes = []
        self.readline = __import__("readline")
        self.readline.clear_history()
        self.addCleanup(self.readline.clear_history)

    def session(self, path, *lines):
        history = History(self.readline, self.notes.append, path)
        history.load()
        for line in lines:
            history.add(line)
        history.save()

    def test_lines_are_kept_in_a_file_of_its_owner(self):
        path = self.folder / "state" / "siskin" / "qmp_history"
        self.session(path, "stop", "stop", " cont", "query-status")
        self.session(path, "quit")

        self.assertEqual(path.read_text(), "stop\nquery-status\nquit\n")
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        self.assertEqual(self.notes, [])

    def test_a_file_that_cannot_be_written_is_only_noted(self):
        (self.folder / "file").write_text("")
        self.session(self.folder / "file" / "qmp_history", "stop")

        self.assertEqual(len(self.notes), 2)
        self.assertIn("cannot write", self.notes[1])


CASES = (OneShotCase, PipedShellCase, InstalledCase, HistoryCase)
