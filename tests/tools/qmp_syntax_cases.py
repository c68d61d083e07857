# SPDX-License-Identifier: Apache-2.0
"""Cases of what a person writes: addresses, words, values; and of what is shown and completed."""

import unittest

from qmp import address, completion, output, syntax
from qmp.status import CommandError, UsageProblem

SCHEMA = [
    {"name": "query-status", "meta-type": "command", "arg-type": "empty", "ret-type": "any"},
    {"name": "query-stats", "meta-type": "command", "arg-type": "empty", "ret-type": "any"},
    {"name": "blockdev-add", "meta-type": "command", "arg-type": "1", "ret-type": "empty"},
    {"name": "empty", "meta-type": "object", "members": []},
    {"name": "1", "meta-type": "object", "tag": "driver",
     "members": [{"name": "driver", "type": "2"}, {"name": "read-only", "type": "bool"}],
     "variants": [{"case": "file", "type": "3"}, {"case": "raw", "type": "4"}]},
    {"name": "2", "meta-type": "enum", "values": ["file", "raw"]},
    {"name": "3", "meta-type": "object", "members": [{"name": "filename", "type": "str"}]},
    {"name": "4", "meta-type": "object", "members": [{"name": "file", "type": "5"}]},
    {"name": "5", "meta-type": "alternate", "members": [{"type": "1"}, {"type": "str"}]},
    {"name": "bool", "meta-type": "builtin", "json-type": "boolean"},
    {"name": "str", "meta-type": "builtin", "json-type": "string"},
    {"name": "STOP", "meta-type": "event", "arg-type": "empty"},
]


class AddressCase(unittest.TestCase):
    def test_each_form_is_understood(self):
        for text, wanted in {
            "/run/vm.sock": ("unix", "/run/vm.sock"),
            "vm.sock": ("unix", "vm.sock"),
            "./a:1": ("unix", "./a:1"),
            "unix:a:1": ("unix", "a:1"),
            "localhost:4444": ("tcp", ("localhost", 4444)),
            "tcp:[::1]:4444": ("tcp", ("::1", 4444)),
            "tcp::4444": ("tcp", ("localhost", 4444)),
        }.items():
            with self.subTest(text):
                self.assertEqual(address.parse_address(text), wanted)

    def test_what_is_no_address_is_wrong_usage(self):
        for text in ("", "unix:", "tcp:localhost", "host:0", "host:65536", "host:port", "host:"):
            with self.subTest(text), self.assertRaises(UsageProblem):
                address.parse_address(text)


class SyntaxCase(unittest.TestCase):
    def test_values_are_what_they_look_like(self):
        for text, wanted in {
            "7": 7, "-1": -1, "0x1f": 31, "1.5": 1.5, "true": True, "False": False, "null": None,
            "007": "007", "1e3": "1e3", "": "", "virtio-blk-pci": "virtio-blk-pci", "a=b": "a=b",
            '"7"': "7", "'true'": "true", '"a b"': "a b", r'"\u0041"': "A", r"'it\'s'": "it's",
            '{"a": [1, true]}': {"a": [1, True]}, "['a\"b', \"it's\"]": ['a"b', "it's"],
        }.items():
            with self.subTest(text):
                self.assertEqual(syntax.parse_value(text), wanted)

    def test_broken_json_and_quotes_are_refused(self):
        for text in ('{"a": 1', "[1,]", '"abc', '"a"b', "'", "{}x", "[" * 100000, "9" * 10000):
            with self.subTest(text[:20]), self.assertRaises(UsageProblem):
                syntax.parse_value(text)

    def test_nested_keys_make_objects(self):
        words = ["driver=qcow2", "file.driver=file", "file.cache.direct=true"]

        arguments = syntax.arguments_of(words)

        self.assertEqual(arguments, {"driver": "qcow2",
                                     "file": {"driver": "file", "cache": {"direct": True}}})

    def test_an_object_and_pairs_are_one_set_of_arguments(self):
        self.assertEqual(syntax.arguments_of(['{"a": {"b": 1}}', "a.c=2", "d=3"]),
                         {"a": {"b": 1, "c": 2}, "d": 3})

    def test_contradicting_arguments_are_refused(self):
        for words in (["a=1", "a=2"], ["a=1", "a.b=2"], ["a.b=2", "a=1"], ["a"], ["=1"], ["a..b=1"],
                      ["a=1", '{"a": 1}'], ["[1]"]):
            with self.subTest(words), self.assertRaises(UsageProblem):
                syntax.arguments_of(words)

    def test_white_space_in_quotes_and_brackets_does_not_end_a_word(self):
        line = "  cmd  a=\"x y\" b={'k': [1, \"} \"]} c=it's  d=[ ] {\"e\": 1} f=a\"b "

        words = syntax.split_words(line)

        self.assertEqual(words, ["cmd", 'a="x y"', "b={'k': [1, \"} \"]}", "c=it's", "d=[ ]",
                                 '{"e": 1}', 'f=a"b'])

    def test_unfinished_quotes_and_brackets_are_refused(self):
        for line in ('cmd a="x', "cmd a={", 'cmd a=["]', '{"execute": "stop"'):
            with self.subTest(line), self.assertRaises(UsageProblem):
                syntax.split_words(line)

    def test_a_request_is_words_or_one_object(self):
        self.assertEqual(syntax.request_of(["stop"]), {"execute": "stop"})
        self.assertEqual(syntax.request_of(["cmd", "a=1"]),
                         {"execute": "cmd", "arguments": {"a": 1}})
        self.assertEqual(syntax.request_of(['{"exec-oob": "x", "id": [1]}']),
                         {"exec-oob": "x", "id": [1]})
        for words in ([], ["{}"], ['{"execute": 1}'], ['{"execute": "a"}', "b=1"]):
            with self.subTest(words), self.assertRaises(UsageProblem):
                syntax.request_of(words)


class OutputCase(unittest.TestCase):
    def test_json_is_printable_ascii(self):
        text = output.to_json({"a": "\x1b[2J\x7f\u202e\ud800\u00e9"})

        self.assertTrue(text.isascii() and text.isprintable())
        self.assertIn("\\u001b[2J\\u007f\\u202e\\ud800\\u00e9", text)

    def test_text_keeps_its_letters_and_shows_its_control_characters(self):
        self.assertEqual(output.monitor_text("a\tb\r\n\x1b[1m\u00e9\u202e\x9b\r\n"),
                         "a\tb\n\\x1b[1m\u00e9\\u202e\\x9b")
        self.assertEqual(output.harmless_line("a\r\nb\ud800"), "a\\r\\nb\\ud800")


class SchemaCompletionCase(unittest.TestCase):
    def setUp(self):
        self.asked = []
        self.completer = completion.SchemaCompleter(self.ask)

    def ask(self, command):
        self.asked.append(command)
        return SCHEMA

    def offered(self, line):
        head, space, word = line.rpartition(" ")
        return self.completer.candidates(head + space, word)

    def test_commands_are_completed_and_the_schema_is_asked_for_once(self):
        self.assertEqual(self.offered("query-stat"), ["query-stats", "query-status"])
        self.assertEqual(self.offered("bl"), ["blockdev-add "])
        self.assertEqual(self.offered("STOP"), [])
        self.assertEqual(self.asked, ["query-qmp-schema"])

    def test_argument_names_are_completed_but_not_given_twice(self):
        self.assertEqual(self.offered("blockdev-add "), ["driver=", "read-only="])
        self.assertEqual(self.offered("blockdev-add read-only=true r"), [])
        self.assertEqual(self.offered("query-status "), [])
        self.assertEqual(self.offered("nonsense "), [])

    def test_members_follow_the_choice_that_was_made(self):
        self.assertEqual(self.offered("blockdev-add driver=file f"), ["filename="])
        self.assertEqual(self.offered("blockdev-add driver=raw f"), ["file=", "file."])
        self.assertEqual(self.offered("blockdev-add driver=raw file.dr"), ["file.driver="])
        self.assertEqual(self.offered("blockdev-add driver=raw file.driver=file file.f"),
                         ["file.filename="])
        self.assertEqual(self.offered("blockdev-add driver=raw file.driver=file f"), ["file."])

    def test_values_of_enums_and_booleans_are_completed(self):
        self.assertEqual(self.offered("blockdev-add driver="), ["driver=file", "driver=raw"])
        self.assertEqual(self.offered("blockdev-add driver=raw file.driver=f"),
                         ["file.driver=file "])
        self.assertEqual(self.offered("blockdev-add read-only=t"), ["read-only=true "])

    def test_nothing_is_offered_inside_json_or_quotes(self):
        self.assertEqual(self.offered('{"execute": q'), [])
        self.assertEqual(self.offered('blockdev-add driver="a d'), [])

    def test_a_schema_of_wrong_shapes_offers_nothing(self):
        for schema in (None, {}, [1, {"name": 1}, {"name": "a"}],
                       [{"name": "x", "meta-type": "command", "arg-type": []}],
                       [{"name": "x", "meta-type": "command", "arg-type": "x"}],
                       [{"name": "x", "meta-type": "command", "arg-type": "y"},
                        {"name": "y", "meta-type": "object", "members": [1, {"name": 2}],
                         "variants": 3, "tag": {}}]):
            with self.subTest(schema):
                completer = completion.SchemaCompleter(lambda command, said=schema: said)
                self.assertEqual(completer.candidates("x ", "a"), [])

    def test_a_server_without_a_schema_offers_nothing(self):
        def refuse(command):
            raise CommandError("CommandNotFound", command)

        self.assertEqual(completion.SchemaCompleter(refuse).candidates("", "q"), [])


class HelpCompletionCase(unittest.TestCase):
    HELP = {"": "quit|q  -- leave\nstop  -- stop\n\t\t -- more -- text\nballoon target -- resize\n"
                "info [subcommand] -- show\nnot a line of help\n",
            "info": "info pci  -- PCI\ninfo status  -- run state\n",
            "balloon": "balloon target -- resize\n"}

    def test_words_come_from_help(self):
        completer = completion.HelpCompleter(lambda command: self.HELP.get(command, ""))

        self.assertEqual(completer.candidates("", ""), ["balloon", "info", "q", "quit", "stop"])
        self.assertEqual(completer.candidates("info ", ""), ["pci", "status"])
        self.assertEqual(completer.candidates("info ", "s"), ["status "])
        self.assertEqual(completer.candidates("help ", "b"), ["balloon "])
        self.assertEqual(completer.candidates("balloon ", ""), [])
        self.assertEqual(completer.candidates("info pci ", ""), [])


CASES = (AddressCase, SyntaxCase, OutputCase, SchemaCompletionCase, HelpCompletionCase)
