# SPDX-License-Identifier: Apache-2.0
"""Counted checks, one printed line each."""


class Checks:
    def __init__(self):
        self.passed = 0
        self.failed = 0

    def check(self, name, good, found=""):
        """`found` says what was seen instead."""
        if good:
            self.passed += 1
            print(f"ok   {name}", flush=True)
        else:
            self.failed += 1
            print(f"FAIL {name}: {found}", flush=True)

    def equal(self, name, found, wanted):
        self.check(name, found == wanted, f"found {found!r}, wanted {wanted!r}")

    def contains(self, name, text, wanted):
        self.check(name, wanted in text, f"no {wanted!r} in {text[-300:]!r}")
