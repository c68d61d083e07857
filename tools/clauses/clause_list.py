# SPDX-License-Identifier: Apache-2.0
"""A list of a specification's clauses, each with the tests that prove it: reading and checking.

The format, line by line:

    # a remark
    = 2.1.2 Device Status Field                 a section
    2.1.2-1 MUST NOT take buffers too early     a clause: its identifier, level and text
      unit/virtio/some_test.cc: a title         a test that proves it: file below tests/, and title
      not offered: why                          or: it is about a feature that is not offered
      open: why                                 or: nothing proves it yet
"""

import dataclasses
import re

LEVELS = ("MUST NOT", "MUST", "SHOULD NOT", "SHOULD")
SECTION = re.compile(r"= (\d+(?:\.\d+)*) (\S.*)")
CLAUSE = re.compile(rf"(\d+(?:\.\d+)*)-(\d+) ({'|'.join(LEVELS)}) (\S.*)")
REMARK = re.compile(r"  (not offered|open): (\S.*)")
PROOF = re.compile(r"  ([a-z_0-9/]+_test\.cc): (\S.*)")
LITERALS = r'(?:"(?:[^"\\\n]|\\.)*"\s*)+'
CASE = re.compile(rf"\bTEST_CASE\(\s*({LITERALS})\)")
LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"')


class ListError(Exception):
    """What is wrong with a list, one line each."""


@dataclasses.dataclass
class Clause:
    section: str
    number: int
    level: str
    text: str
    line: int
    proofs: list = dataclasses.field(default_factory=list)  # of (file, title)
    not_offered: str = ""
    still_open: str = ""

    @property
    def identifier(self):
        return f"{self.section}-{self.number}"

    @property
    def binding(self):
        return self.level.startswith("MUST")


@dataclasses.dataclass
class Section:
    number: str
    title: str
    line: int
    clauses: list = dataclasses.field(default_factory=list)


def parse(text):
    """The sections of a list; ListError names the first line that has no form."""
    sections = []
    for number, line in enumerate(text.splitlines(), 1):
        clause = sections[-1].clauses[-1] if sections and sections[-1].clauses else None
        if not line or line.startswith("#"):
            continue
        if found := SECTION.fullmatch(line):
            sections.append(Section(found[1], found[2], number))
        elif sections and (found := CLAUSE.fullmatch(line)):
            sections[-1].clauses.append(
                Clause(found[1], int(found[2]), found[3], found[4], number))
        elif clause and (found := PROOF.fullmatch(line)):
            clause.proofs.append((found[1], found[2]))
        elif clause and (found := REMARK.fullmatch(line)):
            kind = "not_offered" if found[1] == "not offered" else "still_open"
            setattr(clause, kind, found[2])
        else:
            raise ListError(f"line {number} is neither a section, a clause nor its proof: {line}")
    return sections


def titles_of(source):
    """The titles of the doctest cases in a source file."""
    return {"".join(part.replace('\\"', '"') for part in LITERAL.findall(literals))
            for literals in CASE.findall(source)}


def order_of(number):
    return [int(part) for part in number.split(".")]


def faults_of_form(sections):
    """Sections and clauses are numbered upwards, and each clause says one thing of its proof."""
    before = []
    for section in sections:
        if order_of(section.number) <= before:
            yield f"line {section.line}: section {section.number} is out of order"
        before = order_of(section.number)
        if not section.clauses:
            yield f"line {section.line}: section {section.number} has no clause"
        for expected, clause in enumerate(section.clauses, 1):
            where = f"line {clause.line}: clause {clause.identifier}"
            if clause.section != section.number or clause.number != expected:
                yield f"{where} is not {section.number}-{expected}"
            if sum(map(bool, (clause.proofs, clause.not_offered, clause.still_open))) != 1:
                yield f"{where} has neither tests, 'not offered' nor 'open', or two of them"


def faults_of_proofs(sections, tests):
    """Each test that is named is there, under just that title, once a clause."""
    titles = {}
    for clause in (clause for section in sections for clause in section.clauses):
        where = f"line {clause.line}: clause {clause.identifier}"
        for file, title in clause.proofs:
            if file not in titles:
                path = tests / file
                titles[file] = titles_of(path.read_text("utf-8")) if path.is_file() else None
            if titles[file] is None:
                yield f"{where}: there is no file tests/{file}"
            elif title not in titles[file]:
                yield f"{where}: tests/{file} has no case '{title}'"
        if len(set(clause.proofs)) != len(clause.proofs):
            yield f"{where} names a test twice"


def load(path, tests):
    """A list that has passed every check; `tests` is the folder of the files that it names."""
    sections = parse(path.read_text("utf-8"))
    faults = [*faults_of_form(sections), *faults_of_proofs(sections, tests)]
    if faults:
        raise ListError("\n".join(faults))
    return sections
