# SPDX-License-Identifier: Apache-2.0
"""From what a person types to a QMP request: words, nested keys, and values.

A value that begins with { or [ is JSON, one in quotes a JSON string; in both, strings may have
single quotes too.  true, false, null and numbers (0x1f as well) are what they say, and all else is
a string.
"""

import json
import re

from qmp.status import UsageProblem

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_HEX = re.compile(r"-?0[xX][0-9a-fA-F]+")
_WORDS = {"true": True, "false": False, "null": None}
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'', re.DOTALL)
_ESCAPE_OR_QUOTE = re.compile(r'\\.|"', re.DOTALL)
_BRACKET_OR_QUOTE = re.compile(r"""[][{}"']""")


def request_of(words):
    """The request for `COMMAND [KEY=VALUE ...]`, for JSON arguments, or for a whole JSON object."""
    if not words:
        raise UsageProblem("there is no command")
    if words[0].startswith("{"):
        if len(words) > 1:
            raise UsageProblem(f"{words[1]!r} follows a JSON object")
        return checked_request(parse_value(words[0]))
    return with_arguments(words[0], arguments_of(words[1:]))


def with_arguments(command, arguments):
    return {"execute": command, **({"arguments": arguments} if arguments else {})}


def checked_request(request):
    """`request` when it names a command, as QMP wants it."""
    if not isinstance(request, dict):
        raise UsageProblem("a request is a JSON object")
    if not isinstance(request.get("execute", request.get("exec-oob")), str):
        raise UsageProblem('a request needs "execute" and the name of a command')
    return request


def arguments_of(words):
    """The object that KEY=VALUE words and JSON objects make together."""
    arguments = {}
    for word in words:
        if word.startswith("{"):
            for key, value in parse_value(word).items():
                _put(arguments, [key], value, key)
            continue
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise UsageProblem(f"{word!r} is not KEY=VALUE")
        path = key.split(".")
        if "" in path:
            raise UsageProblem(f"{key!r} has an empty part")
        _put(arguments, path, parse_value(value), key)
    return arguments


def parse_value(text):
    if text[:1] in ("{", "["):
        return _parse_json(text)
    if text[:1] in ('"', "'"):
        if not _QUOTED.fullmatch(text):
            raise UsageProblem(f"{text} is no quoted string")
        return _parse_json(text)
    if _NUMBER.fullmatch(text):
        return _loads(text, text)
    if _HEX.fullmatch(text):
        return int(text, 16)
    return _WORDS.get(text.lower(), text)


def split_words(line):
    """The words of a line; white space in a value's quotes or brackets does not end it."""
    words, at = [], 0
    while True:
        while at < len(line) and line[at].isspace():
            at += 1
        if at == len(line):
            return words
        end = _end_of_word(line, at)
        words.append(line[at:end])
        at = end


def _end_of_word(line, start):
    """A quote or bracket means itself only at the beginning of the word or of its value."""
    at = start
    while at < len(line) and not line[at].isspace():
        if at == start or line[at - 1] == "=" and "=" not in line[start:at - 1]:
            if line[at] in "{[":
                at = _end_of_brackets(line, at)
                continue
            if at > start and line[at] in "\"'":
                at = _end_of_quoted(line, at)
                continue
        at += 1
    return at


def _end_of_quoted(line, at):
    quoted = _QUOTED.match(line, at)
    if not quoted:
        raise UsageProblem(f"no closing {line[at]} for {line[at:at + 20]}")
    return quoted.end()


def _end_of_brackets(line, start):
    depth, at = 0, start
    while True:
        found = _BRACKET_OR_QUOTE.search(line, at)
        if not found:
            raise UsageProblem(f"no closing bracket for {line[start:start + 20]}")
        at = found.end()
        if found.group() in "\"'":
            at = _end_of_quoted(line, found.start())
            continue
        depth += 1 if found.group() in "{[" else -1
        if depth == 0:
            return at


def _parse_json(text):
    return _loads(_QUOTED.sub(lambda found: _double_quoted(found.group()), text), text)


def _double_quoted(string):
    if string.startswith('"'):
        return string
    changed = {"\\'": "'", '"': '\\"'}
    inside = _ESCAPE_OR_QUOTE.sub(lambda found: changed.get(found.group(), found.group()),
                                  string[1:-1])
    return f'"{inside}"'


def _loads(text, shown):
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = getattr(error, "msg", "too large") if str(error) else "too large"
        raise UsageProblem(f"{shown[:60]} is not JSON: {reason}") from None


def _put(arguments, path, value, key):
    for part in path[:-1]:
        arguments = arguments.setdefault(part, {})
        if not isinstance(arguments, dict):
            raise UsageProblem(f"{key!r} is below {part!r}, which is no object")
    if path[-1] in arguments:
        raise UsageProblem(f"{key!r} is given twice")
    arguments[path[-1]] = value
