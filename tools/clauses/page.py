# SPDX-License-Identifier: Apache-2.0
"""The page that shows a list of clauses, and the line that sums it up."""

import dataclasses

OPENING = """\
# Clauses of virtio 1.2

What virtio 1.2 (committee specification 01, 2022) asks of a device, clause by clause, with the
tests that prove it. Written by `tools/clauses` from `tests/clauses/virtio-1.2.txt`; do not edit it
here.

The clauses are in siskin's words; the specification's section of that number has the binding ones.
A clause's number behind the dash counts within its section. Left out are drivers' requirements, and
transports and devices other than PCI, block and SCSI. *Not offered* means that the device does not
offer the feature the clause is about; *open*, that no test proves it yet.
"""


@dataclasses.dataclass
class Tally:
    covered: int = 0
    total: int = 0
    not_offered: int = 0

    def add(self, clause):
        if clause.not_offered:
            self.not_offered += 1
            return
        self.total += 1
        self.covered += 1 if clause.proofs else 0

    def __str__(self):
        return f"{self.covered} of {self.total} covered ({self.not_offered} not offered)"


def tallies_of(sections):
    """What binds (MUST and MUST NOT), and what is advised (SHOULD and SHOULD NOT)."""
    binding, advised = Tally(), Tally()
    for clause in (clause for section in sections for clause in section.clauses):
        (binding if clause.binding else advised).add(clause)
    return binding, advised


def summary(sections):
    binding, advised = tallies_of(sections)
    return f"virtio 1.2 clauses: {binding}; of SHOULD {advised.covered} of {advised.total}"


def cell(text):
    return text.replace("|", "\\|")


def proof_of(clause):
    if clause.not_offered:
        return f"*not offered*: {clause.not_offered}"
    if clause.still_open:
        return f"*open*: {clause.still_open}"
    return "; ".join(f"[{file.rpartition('/')[2]}](../../tests/{file}): {title}"
                     for file, title in clause.proofs)


def page(sections):
    binding, advised = tallies_of(sections)
    parts = [OPENING, "\n| clauses | |\n| --- | --- |\n",
             f"| MUST, MUST NOT | {binding} |\n| SHOULD, SHOULD NOT | {advised} |\n"]
    for section in sections:
        parts.append(f"\n## {section.number} {section.title}\n\n"
                     "| clause | the device | proven by |\n| --- | --- | --- |\n")
        parts += [f"| {clause.identifier} | {clause.level} {cell(clause.text)} | "
                  f"{cell(proof_of(clause))} |\n" for clause in section.clauses]
    return "".join(parts)
