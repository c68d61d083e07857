#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What tools/test asks for is there: presets, and the programs of the tiers it builds in part.

Usage: run_tests_test.py BUILD-FOLDER
"""

import json
import pathlib
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True  # keeps the source tree clean
TREE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TREE / "tools" / "lib"))

import closing
import run_tests

BUILD = pathlib.Path(sys.argv.pop(1))


def ninja(*words):
    return subprocess.run(["ninja", "-C", str(BUILD), *words], check=True,
                          stdout=subprocess.PIPE, text=True).stdout


def programs():
    """Of the tiers that --all repeats: the tests, with the files of this build that they run."""
    listing = subprocess.run(["ctest", "--show-only=json-v1", "--test-dir", str(BUILD)],
                             check=True, stdout=subprocess.PIPE, text=True).stdout
    for test in json.loads(listing)["tests"]:
        properties = {item["name"]: item["value"] for item in test["properties"]}
        if {"unit", "kvm"} & set(properties.get("LABELS", [])):
            words = [pathlib.Path(word) for word in test.get("command", [])]
            files = [str(word.relative_to(BUILD)) for word in words
                     if word.is_relative_to(BUILD) and word.suffix == "" and not word.is_dir()]
            yield test["name"], files


class RunTests(unittest.TestCase):
    def test_there_is_a_preset_for_each_build(self):
        presets = json.loads((TREE / "CMakePresets.json").read_text())
        for kind in ("configurePresets", "buildPresets"):
            names = {preset["name"] for preset in presets[kind]}
            self.assertLessEqual({"dev", "release", *run_tests.EXTRA_BUILDS}, names)

    def test_the_target_of_a_tests_name_builds_all_that_the_test_runs(self):
        checked = 0
        for name, files in programs():
            for file in files:
                with self.subTest(test=name, file=file):
                    self.assertTrue(f" -o {file} " in ninja("-t", "commands", name))
                    checked += 1
        self.assertGreater(checked, 3)

    def test_a_sanitizers_build_has_more_time(self):
        self.assertEqual(run_tests.limit_of({}, "dev"), run_tests.PROGRAM_LIMIT_S)
        self.assertEqual(run_tests.limit_of({"TIMEOUT": 100.0}, "clang"), 100.0)
        for preset in ("asan", "tsan"):
            self.assertGreaterEqual(run_tests.limit_of({"TIMEOUT": 100.0}, preset), 300.0)


if __name__ == "__main__":
    sys.exit(closing.run(RunTests))
