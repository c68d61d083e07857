# SPDX-License-Identifier: Apache-2.0
"""Runs unittest's cases and ends with the line by which the project counts them."""

import sys
import unittest

ALL_SKIPPED = 77


class Counting(unittest.TextTestResult):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.passed = 0

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1


def run(*classes):
    """The exit status.  A word of the command line chooses the cases whose name holds it."""
    loader = unittest.TestLoader()
    if len(sys.argv) > 1:
        loader.testNamePatterns = [f"*{word}*" for word in sys.argv[1:]]
    suite = unittest.TestSuite(map(loader.loadTestsFromTestCase, classes))
    runner = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, resultclass=Counting)
    result = runner.run(suite)
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    skipped = len(result.skipped)
    print(f"{result.passed} passed, {failed} failed, {skipped} skipped", flush=True)
    if failed or not (result.passed or skipped):
        return 1
    return 0 if result.passed else ALL_SKIPPED
