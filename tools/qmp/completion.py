# SPDX-License-Identifier: Apache-2.0
"""What TAB offers: commands, argument names and values, out of what the server says of itself."""

import re

from qmp.schema import Schema
from qmp.status import Problem
from qmp.syntax import split_words

_HELP_LINE = re.compile(r"^(\w[\w|-]*|\?)(?: (\w[\w|-]*))? .*-- ")


class SchemaCompleter:
    """Completes the words of a QMP command; `ask(command)` returns what it answers.

    The schema is asked for once, at the first use.
    """

    def __init__(self, ask):
        self._ask = ask
        self._schema = None

    def candidates(self, head, word):
        """The words that may stand in place of `word`, which follows `head` on the line."""
        try:
            words = split_words(head)
            self._schema = self._schema or Schema(self._ask("query-qmp-schema"))
        except Problem:
            return []
        if not words:
            return finished(name for name in self._schema.commands() if name.startswith(word))
        given = dict(_given(words[1:]))
        key, equals, value = word.partition("=")
        if equals:
            kind = self._schema.type_at(words[0], tuple(key.split(".")), given)
            return finished(f"{key}={choice}" for choice in self._schema.values(kind)
                            if choice.startswith(value))
        return self._names(words[0], key, given)

    def _names(self, command, key, given):
        *path, start = key.split(".")
        path = tuple(path)
        kind = self._schema.type_at(command, path, given)
        members = self._schema.members(kind, lambda tag: given.get((*path, tag)))
        found = []
        for name, member in sorted(members.items()):
            whole = (*path, name)
            if not name.startswith(start) or whole in given:
                continue
            dotted = ".".join(whole)
            below = any(other[:len(whole)] == whole for other in given)
            if not self._schema.is_only_object(member) and not below:
                found.append(dotted + "=")
            if self._schema.is_object(member):
                found.append(dotted + ".")
        return found


class HelpCompleter:
    """Completes the words of a human monitor's command; `help_of(words)` is the text of its help.

    A command's first two words come from the lines of `help` and `help COMMAND`.
    """

    def __init__(self, help_of):
        self._help_of = help_of
        self._known = {}

    def candidates(self, head, word):
        words = head.split()
        if len(words) > 1:
            return []
        if words == ["help"] or words == ["?"]:
            words = []
        found = self._words_after(words[0] if words else "")
        return finished(name for name in found if name.startswith(word))

    def _words_after(self, command):
        if command not in self._known:
            try:
                text = self._help_of(command)
            except Problem:
                return []
            self._known[command] = sorted(set(_help_words(text, command)))
        return self._known[command]


def finished(names):
    """The only candidate is a whole word, so a space follows it."""
    names = list(names)
    return [names[0] + " "] if len(names) == 1 else names


def _help_words(text, command):
    """The first word of each line; the second of those that begin with `command`.

    Where there is one such line, it is the command itself, with its arguments.
    """
    lines = [found.groups() for found in map(_HELP_LINE.match, text.splitlines()) if found]
    if not command:
        return [name for first, _ in lines for name in first.split("|")]
    below = [second for first, second in lines if command in first.split("|") and second]
    return [name for second in below for name in second.split("|")] if len(below) > 1 else []


def _given(words):
    for word in words:
        key, equals, value = word.partition("=")
        if equals:
            yield tuple(key.split(".")), value
