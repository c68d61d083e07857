# SPDX-License-Identifier: Apache-2.0
"""tools/clauses: what it takes for a list of clauses, what it refuses, and what it writes."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True  # keeps the source tree clean
TOOL = pathlib.Path(__file__).resolve().parents[2] / "tools/clauses"
sys.path[:0] = [str(TOOL)]

import clause_list
import closing
import page

CASES = '''
TEST_SUITE("a") {
    TEST_CASE("one line | and a bar") {}
    TEST_CASE(
        "two lines, "
        "with a \\"word\\"") {}
}
'''
GOOD = """\
# a remark
= 2.1 Status
2.1-1 MUST be read
  unit/a_test.cc: one line | and a bar
2.1-2 MUST NOT be written
  unit/a_test.cc: two lines, with a "word"
  unit/a_test.cc: one line | and a bar
2.1-3 MUST be in order
  open: not done

= 2.10 Memory
2.10-1 MUST be shared
  not offered: nobody asks
2.10-2 SHOULD NOT be slow
  unit/a_test.cc: one line | and a bar
"""
HEAD = "= 2.1 Status\n"
PROOF = "  unit/a_test.cc: one line | and a bar\n"


class Tree(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.tree = pathlib.Path(folder.name)
        for name in ("docs/reference", "tests/clauses", "tests/unit"):
            (self.tree / name).mkdir(parents=True)
        (self.tree / "tests/unit/a_test.cc").write_text(CASES, "utf-8")

    def put(self, text):
        (self.tree / "tests/clauses/virtio-1.2.txt").write_text(text, "utf-8")

    def load(self, text):
        self.put(text)
        return clause_list.load(self.tree / "tests/clauses/virtio-1.2.txt", self.tree / "tests")

    def run_tool(self, mode):
        return subprocess.run([TOOL / "clauses.py", mode, self.tree], capture_output=True,
                              text=True, check=False)


class Lists(Tree):
    def refusal(self, text):
        with self.assertRaises(clause_list.ListError) as caught:
            self.load(text)
        return str(caught.exception)

    def test_a_good_list_is_its_sections_clauses_and_proofs(self):
        status, memory = self.load(GOOD)

        self.assertEqual((status.number, status.title), ("2.1", "Status"))
        self.assertEqual([clause.identifier for clause in status.clauses],
                         ["2.1-1", "2.1-2", "2.1-3"])
        self.assertEqual(status.clauses[1].level, "MUST NOT")
        self.assertEqual(status.clauses[1].text, "be written")
        self.assertEqual(status.clauses[1].proofs, [("unit/a_test.cc", 'two lines, with a "word"'),
                                                    ("unit/a_test.cc", "one line | and a bar")])
        self.assertEqual(status.clauses[2].still_open, "not done")
        self.assertEqual(memory.clauses[0].not_offered, "nobody asks")
        self.assertFalse(memory.clauses[1].binding)

    def test_a_title_that_no_case_has_is_refused(self):
        for title in ("one line", "one line | and a bar.", "a", "two lines, "):
            self.assertEqual(
                self.refusal(f"{HEAD}2.1-1 MUST be read\n  unit/a_test.cc: {title}\n"),
                f"line 2: clause 2.1-1: tests/unit/a_test.cc has no case '{title}'")

    def test_a_file_that_is_not_there_is_refused(self):
        self.assertEqual(self.refusal(f"{HEAD}2.1-1 MUST be read\n  unit/b_test.cc: a\n"),
                         "line 2: clause 2.1-1: there is no file tests/unit/b_test.cc")

    def test_a_clause_says_exactly_one_thing_of_its_proof(self):
        for proofs in ("", PROOF + "  open: soon\n", PROOF + "  not offered: no\n",
                       "  not offered: no\n  open: soon\n"):
            self.assertIn("neither tests, 'not offered' nor 'open', or two of them",
                          self.refusal(f"{HEAD}2.1-1 MUST be read\n{proofs}"))
        self.assertIn("names a test twice",
                      self.refusal(f"{HEAD}2.1-1 MUST be read\n{PROOF}{PROOF}"))

    def test_numbers_go_up_and_are_those_of_the_section(self):
        clause = f"2.1-1 MUST be read\n{PROOF}"
        self.assertIn("clause 2.1-1 is not 2.1-2", self.refusal(HEAD + clause + clause))
        self.assertIn("clause 2.1-1 is not 2.2-1", self.refusal("= 2.2 Bits\n" + clause))
        self.assertIn("section 2.1 is out of order", self.refusal(HEAD + clause + HEAD + clause))
        later, earlier = f"= 2.10 A\n2.10-1 MUST a\n{PROOF}", f"= 2.9 B\n2.9-1 MUST b\n{PROOF}"
        self.assertIn("section 2.9 is out of order", self.refusal(later + earlier))
        self.assertIn("section 2.1 has no clause", self.refusal(HEAD))

    def test_a_line_without_form_is_refused(self):
        for line in ("text", "2.1-1 MAY be read", "2.1-1 MUST", "2.1 MUST be", "  open:", "="):
            self.assertIn("line 4 is neither a section, a clause nor its proof",
                          self.refusal(f"{HEAD}2.1-1 MUST be read\n{PROOF}{line}\n"))
        self.assertIn("line 1 is neither", self.refusal("2.1-1 MUST be read\n"))
        self.assertIn("line 2 is neither", self.refusal(HEAD + PROOF))


class Pages(Tree):
    def test_the_summary_counts_what_is_offered(self):
        self.assertEqual(
            page.summary(self.load(GOOD)),
            "virtio 1.2 clauses: 2 of 3 covered (1 not offered); of SHOULD 1 of 1")

    def test_the_page_has_a_row_a_clause(self):
        text = page.page(self.load(GOOD))

        link = "[a_test.cc](../../tests/unit/a_test.cc)"
        self.assertIn(f"| 2.1-1 | MUST be read | {link}: one line \\| and a bar |\n", text)
        self.assertIn(f'| {link}: two lines, with a "word"; {link}: one line \\| and a bar |\n',
                      text)
        self.assertIn("| 2.1-3 | MUST be in order | *open*: not done |\n", text)
        self.assertIn("| 2.10-1 | MUST be shared | *not offered*: nobody asks |\n", text)
        self.assertIn("| MUST, MUST NOT | 2 of 3 covered (1 not offered) |\n", text)


class Program(Tree):
    def test_same_wants_the_page_that_write_writes(self):
        self.put(GOOD)
        self.assertEqual(self.run_tool("same").returncode, 1)
        written = self.run_tool("write")
        self.assertEqual(written.returncode, 0)
        self.assertTrue(written.stdout.startswith("summary: virtio 1.2 clauses: 2 of 3 covered"))
        self.assertEqual(self.run_tool("same").stdout, written.stdout)

        self.put(GOOD.replace("nobody asks", "nobody needs it"))

        stale = self.run_tool("same")
        self.assertEqual(stale.returncode, 1)
        self.assertEqual(stale.stdout, "")
        self.assertIn("virtio-clauses.md is not current; build the target clause_docs",
                      stale.stderr)

    def test_a_bad_list_leaves_the_page_alone(self):
        self.put(GOOD)
        self.run_tool("write")
        path = self.tree / "docs/reference/virtio-clauses.md"
        before = path.read_text("utf-8")
        self.put(GOOD.replace("one line", "another line"))

        for mode in ("write", "same"):
            refused = self.run_tool(mode)
            self.assertEqual(refused.returncode, 1)
            self.assertIn("has no case 'another line | and a bar'", refused.stderr)

        self.assertEqual(path.read_text("utf-8"), before)

    def test_other_arguments_are_told_the_usage(self):
        told = self.run_tool("read")
        self.assertEqual(told.returncode, 2)
        self.assertIn("usage: clauses.py write TREE", told.stderr)


if __name__ == "__main__":
    sys.exit(closing.run(Lists, Pages, Program))
