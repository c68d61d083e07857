# SPDX-License-Identifier: Apache-2.0
"""Cases of the client against servers that chunk, interleave, err, and mean harm."""

import json
import socket
import unittest

from fake_server import GREETING, FakeServer
from qmp.address import parse_address
from qmp.client import Client, Deadline, returned
from qmp.framing import Framer
from qmp.status import CommandError, Disconnected, ProtocolProblem, TimedOut, Unreachable

LIMIT_S = 60
HOSTILE = {
    "HTTP": b"HTTP/1.1 400 Bad Request\r\n",
    "an array": b"[1]\n",
    "no JSON": b'{"a": }\n',
    "NaN": b'{"a": NaN}\n',
    "a closing bracket": b"}\n",
    "brackets that do not match": b"{]\n",
    "bytes that are no UTF-8": b'{"a": "\xff"}\n',
    "deep nesting": b'{"a":' + b"[" * 100000 + b"]" * 100000 + b"}\n",
    "a long number": b'{"a": ' + b"9" * 10000 + b"}\n",
}


def connected(server, on_send=None):
    return Client.connect(parse_address(server.address), Deadline(LIMIT_S), on_send)


class FramerCase(unittest.TestCase):
    def fed(self, *chunks):
        framer = Framer()
        return [message for chunk in chunks for message in framer.feed(chunk)]

    def test_any_chunking_gives_the_same_objects(self):
        messages = [{"a": '}"\\{'}, {"b": ["\\\\", {"c": "\r\n"}]}, {}]
        data = b"\r\n".join(json.dumps(message).encode() for message in messages) + b"\r\n"

        for size in range(1, len(data) + 1):
            chunks = [data[at:at + size] for at in range(0, len(data), size)]
            self.assertEqual(self.fed(*chunks), messages, size)

    def test_objects_need_no_line_of_their_own(self):
        self.assertEqual(self.fed(b'{"a": 1} {"b"', b': 2}{"c":3}'), [{"a": 1}, {"b": 2}, {"c": 3}])
        self.assertEqual(self.fed(b'{\r\n    "a": [\r\n', b"    ]\r\n}\r\n"), [{"a": []}])

    def test_what_is_no_object_is_a_problem(self):
        for name, data in HOSTILE.items():
            with self.subTest(name), self.assertRaises(ProtocolProblem):
                self.fed(data)

    def test_a_message_has_a_limit(self):
        framer = Framer(message_bytes_max=100)
        self.assertEqual(list(framer.feed(b'{"a": "%s"}' % (b"x" * 91))), [{"a": "x" * 91}])

        with self.assertRaisesRegex(ProtocolProblem, "longer than 100 bytes"):
            list(framer.feed(b'{"a": "%s"}' % (b"x" * 92)))

    def test_the_limit_holds_for_a_message_that_never_ends(self):
        framer = Framer(message_bytes_max=100)

        with self.assertRaises(ProtocolProblem):
            for _ in range(101):
                list(framer.feed(b"["))


class ClientCase(unittest.TestCase):
    def test_events_before_the_reply_are_handed_on(self):
        def serve(peer):
            peer.negotiate()
            peer.answer({"ok": 1}, before=[{"event": "STOP"}, {"event": "RESUME"}])

        seen = []
        with FakeServer(serve) as server:
            reply = connected(server).execute({"execute": "x"}, Deadline(LIMIT_S), seen.append)

        self.assertEqual(reply, {"return": {"ok": 1}})
        self.assertEqual([event["event"] for event in seen], ["STOP", "RESUME"])

    def test_the_clients_own_id_comes_back_and_others_replies_are_told_apart(self):
        def serve(peer):
            peer.negotiate()
            request = peer.command()
            peer.send({"return": "late", "id": "other"}, {"return": 1, "id": request["id"]})

        seen = []
        with FakeServer(serve) as server:
            request = {"execute": "x", "id": {"my": None}}
            reply = connected(server).execute(request, Deadline(LIMIT_S), seen.append)

        self.assertEqual(reply, {"return": 1, "id": {"my": None}})
        self.assertEqual(seen, [{"return": "late", "id": "other"}])

    def test_an_error_without_an_id_answers_the_command(self):
        def serve(peer):
            peer.negotiate()
            peer.command()
            peer.send({"error": {"class": "GenericError", "desc": "JSON parse error"}})

        with FakeServer(serve) as server:
            reply = connected(server).execute({"execute": "x"}, Deadline(LIMIT_S))

        with self.assertRaisesRegex(CommandError, "^GenericError: JSON parse error$"):
            returned(reply)

    def test_out_of_band_is_enabled_where_it_is_offered(self):
        plain = {"QMP": {"version": {}, "capabilities": []}}
        with FakeServer(lambda peer: peer.negotiate()) as offering:
            connected(offering)
        with FakeServer(lambda peer: peer.negotiate(plain)) as other:
            connected(other)

        self.assertEqual(offering.result["arguments"], {"enable": ["oob"]})
        self.assertNotIn("arguments", other.result)

    def test_a_reply_given_up_aside_is_dropped_and_events_are_kept(self):
        def serve(peer):
            peer.negotiate()
            schema = peer.command()
            peer.send({"event": "STOP"})
            request = peer.command()
            peer.send({"return": "schema", "id": schema["id"]}, {"event": "RESUME"})
            peer.send({"return": "status", "id": request["id"]})

        seen = []
        with FakeServer(serve) as server:
            client = connected(server)
            with self.assertRaises(TimedOut):
                client.execute_aside({"execute": "query-qmp-schema"}, Deadline(0.5))
            reply = client.execute({"execute": "x"}, Deadline(LIMIT_S), seen.append)

        self.assertEqual(reply, {"return": "status"})
        self.assertEqual([message.get("event") for message in seen], ["STOP", "RESUME"])

    def test_a_problem_stays(self):
        with FakeServer(lambda peer: peer.negotiate()) as server:
            client = connected(server)
            for _ in range(2):
                with self.assertRaisesRegex(Disconnected, "closed the connection"):
                    client.receive(Deadline(LIMIT_S), "an event")

    def test_what_came_before_bad_bytes_is_still_delivered(self):
        def serve(peer):
            peer.negotiate()
            peer.send(b'{"event": "STOP"}\r\nrubbish\r\n')

        with FakeServer(serve) as server:
            client = connected(server)
            event = client.receive(Deadline(LIMIT_S), "an event")
            with self.assertRaisesRegex(ProtocolProblem, "rubbish"):
                client.receive(Deadline(LIMIT_S), "an event")

        self.assertEqual(event, {"event": "STOP"})

    def test_messages_of_no_known_form_are_a_problem(self):
        for message in ({}, {"event": 1}, {"error": "x"}, {"error": {"class": "x"}}, {"id": 1}):
            def serve(peer):
                peer.negotiate()
                peer.send(message)

            with self.subTest(message), FakeServer(serve) as server:
                client = connected(server)
                with self.assertRaises(ProtocolProblem):
                    client.receive(Deadline(LIMIT_S), "an event")

    def test_a_server_that_does_not_greet_or_negotiate_is_a_problem(self):
        for message in ({"return": {}}, {"QMP": 1}, b"SSH-2.0\r\n"):
            with self.subTest(message), FakeServer(lambda peer: peer.send(message)) as server:
                with self.assertRaises(ProtocolProblem):
                    connected(server)
        refusal = {"error": {"class": "CommandNotFound", "desc": "no"}}
        with FakeServer(lambda peer: (peer.send(GREETING), peer.command(),
                                      peer.send(refusal))) as server:
            with self.assertRaisesRegex(ProtocolProblem, "does not negotiate: CommandNotFound: no"):
                connected(server)

    def test_last_words_of_a_server_that_no_longer_listens_are_heard(self):
        def serve(peer):
            peer.send(GREETING)
            request = peer.command()
            peer.stop_listening()
            peer.send({"return": {}, "id": request["id"]})
            peer.send({"error": {"class": "GenericError", "desc": "good bye"}})

        with FakeServer(serve) as server:
            reply = connected(server).execute({"execute": "x"}, Deadline(LIMIT_S))

        self.assertEqual(reply["error"]["desc"], "good bye")

    def test_tcp_is_as_good_and_nobody_there_is_said(self):
        with FakeServer(lambda peer: peer.negotiate(), socket.AF_INET) as server:
            self.assertEqual(connected(server).greeting, GREETING["QMP"])
        with self.assertRaisesRegex(Unreachable, f"{server.address}: Connection refused"):
            connected(server)


CASES = (FramerCase, ClientCase)
