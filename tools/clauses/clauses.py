#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the list of virtio's clauses against the tests that it names, and writes its page."""

import pathlib
import sys

sys.dont_write_bytecode = True  # keeps the source tree clean

import clause_list
import page

LIST = "tests/clauses/virtio-1.2.txt"
PAGE = "docs/reference/virtio-clauses.md"
USAGE = f"""usage: clauses.py write TREE   write {PAGE} of this tree
       clauses.py same TREE    fail if it is not what write would write"""


def run(mode, tree):
    """What is wrong, or nothing."""
    try:
        sections = clause_list.load(tree / LIST, tree / "tests")
    except clause_list.ListError as error:
        return f"{LIST}: {error}"
    text, path = page.page(sections), tree / PAGE
    if mode == "write":
        path.write_text(text, "utf-8")
    elif not path.is_file() or path.read_text("utf-8") != text:
        return f"{PAGE} is not current; build the target clause_docs"
    print("summary: " + page.summary(sections))
    return ""


def main(arguments):
    if len(arguments) != 2 or arguments[0] not in ("write", "same"):
        print(USAGE, file=sys.stderr)
        return 2
    fault = run(arguments[0], pathlib.Path(arguments[1]))
    if fault:
        print(f"clauses: {fault}", file=sys.stderr)
    return 1 if fault else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
