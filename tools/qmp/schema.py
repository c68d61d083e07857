# SPDX-License-Identifier: Apache-2.0
"""What query-qmp-schema says of commands, their arguments and the values of these."""


class Schema:
    """Lookups in a server's own words; what is not as it should be there is as if it were absent.

    A value's type is known by name.  A path is the parts of a nested key: "a.b" is ("a", "b").
    """

    def __init__(self, entries=()):
        entries = entries if isinstance(entries, list) else []
        self._entries = {entry["name"]: entry for entry in entries
                         if isinstance(entry, dict) and isinstance(entry.get("name"), str)}

    def commands(self):
        return sorted(self._named("command"))

    def arguments_type(self, command):
        return self._of(command, "command").get("arg-type")

    def type_at(self, command, path, given):
        """The type of the argument at `path`; None where the schema knows none."""
        found = self.arguments_type(command)
        for depth, part in enumerate(path):
            found = self.members(found, lambda tag: given.get((*path[:depth], tag))).get(part)
        return found

    def members(self, type_name, chosen):
        """Names and types of an object's members; `chosen(tag)` is the value given for a tag.

        An alternate has the members of all its objects.
        """
        found = {}
        for entry in self._plain(type_name, "object"):
            tag = entry.get("tag")
            for member in _dicts(entry.get("members")):
                found[member.get("name")] = member.get("type")
            case = chosen(tag) if isinstance(tag, str) else None
            for variant in _dicts(entry.get("variants")):
                if case is not None and variant.get("case") == case:
                    for inner in self._plain(variant.get("type"), "object"):
                        for member in _dicts(inner.get("members")):
                            found[member.get("name")] = member.get("type")
        return {name: kind for name, kind in found.items() if isinstance(name, str)}

    def values(self, type_name):
        """All words a value of this type may be, where the schema lists them."""
        found = []
        for entry in self._plain(type_name, "enum"):
            found += [value for value in _list(entry.get("values")) if isinstance(value, str)]
            found += [member["name"] for member in _dicts(entry.get("members"))
                      if isinstance(member.get("name"), str)]
        for entry in self._plain(type_name, "builtin"):
            found += {"boolean": ["true", "false"], "null": ["null"]}.get(
                entry.get("json-type"), [])
        return sorted(set(found))

    def is_object(self, type_name):
        return any(True for _ in self._plain(type_name, "object"))

    def is_only_object(self, type_name):
        return self._of(type_name, "object") != {}

    def _plain(self, type_name, meta_type):
        """Entries of this meta-type: the type itself, or the choices of an alternate."""
        entry = self._entries.get(type_name) if isinstance(type_name, str) else None
        if entry is None:
            return
        if entry.get("meta-type") == meta_type:
            yield entry
        if entry.get("meta-type") == "alternate":
            for choice in _dicts(entry.get("members")):
                chosen = self._of(choice.get("type"), meta_type)
                if chosen:
                    yield chosen

    def _of(self, name, meta_type):
        entry = self._entries.get(name, {}) if isinstance(name, str) else {}
        return entry if entry.get("meta-type") == meta_type else {}

    def _named(self, meta_type):
        return [name for name, entry in self._entries.items()
                if entry.get("meta-type") == meta_type]


def _list(value):
    return value if isinstance(value, list) else []


def _dicts(value):
    return [item for item in _list(value) if isinstance(item, dict)]
