# SPDX-License-Identifier: Apache-2.0
"""Builds siskin and runs its tests, tier by tier; called by tools/test after tools/setup.

A tier is a label of CTest (unit, kvm, tidy, ...), plus `boot`, which tests/boot/run is.  Every
tier says how many checks it made; zero is a failure.  What a program prints behind `summary: ` is
shown.  The last line sums up.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

TREE = pathlib.Path(__file__).resolve().parents[2]
TIERS = ("tidy", "unit", "kvm", "boot")
# Labels of CTest that no tier runs: they take long or need a quiet machine.
LEFT_OUT = {"bench", "boot"}
# Further builds for --all, and the tiers that run in them.  Clang compiles everything, for its
# warnings; the sanitizers' builds have the test programs alone.
EXTRA_BUILDS = {"clang": ("unit",), "asan": ("unit", "kvm"), "tsan": ("unit", "kvm")}
COMPLETE_BUILDS = ("dev", "clang")
PROGRAM_LIMIT_S = 300
# How much longer a program may take under a sanitizer.
SLOWER = {"asan": 3, "tsan": 6}
SKIPPED = 77
SOURCE_FOLDERS = "base pci qmp firmware devices virtio vmm tests tools".split()
CASES = re.compile(r"test cases:\s*(\d+) \|\s*(\d+) passed \|\s*(\d+) failed")
ASSERTIONS = re.compile(r"assertions:\s*(\d+) \|")
CLOSING = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", re.MULTILINE)
SUMMARY = re.compile(r"^summary: (.+)$", re.MULTILINE)


@dataclasses.dataclass
class Count:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    assertions: int = 0

    def __add__(self, other):
        return Count(self.passed + other.passed, self.failed + other.failed,
                     self.skipped + other.skipped, self.assertions + other.assertions)

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def say(text):
    print(text, flush=True)


class Run:
    def __init__(self, options):
        self.options = options
        self.total = Count()
        self.times = []
        self.built = {}

    def stage(self, name, work):
        """Runs `work`, which returns a Count, and reports it and its time."""
        say(f"== {name}")
        started = time.monotonic()
        count = work()
        seconds = time.monotonic() - started
        checks = f", {count.assertions} assertions" if count.assertions else ""
        say(f"== {name}: {count}{checks}, {seconds:.1f} s")
        self.total += count
        self.times.append((name, seconds))

    def build(self, preset, labels=()):
        """Configures and builds a preset once; a failure is one failed check.

        With labels: only the test programs of these tiers; in "release": only siskin.
        """
        if preset in self.built:
            return self.built[preset]
        environment = dict(os.environ)
        if shutil.which("ccache"):
            environment.setdefault("CMAKE_CXX_COMPILER_LAUNCHER", "ccache")

        def work():
            # What does not compile is shown in full; what compiles is not shown.
            targets = []
            for arguments in (["--preset", preset], ["--build", "--preset", preset]):
                if "--build" in arguments and preset not in COMPLETE_BUILDS:
                    targets = sorted(targets_of(preset) & wanted_targets(preset, labels))
                    arguments += ["--target", *targets] if targets else []
                command = ["cmake", *arguments]
                done = run(command, env=environment)
                if done.returncode != 0:
                    say(done.stdout)
                    say(f"FAIL {' '.join(command)}")
                    return Count(failed=1)
            return Count(passed=1)

        before = self.total.failed
        self.stage(f"build {preset}", work)
        self.built[preset] = self.total.failed == before
        return self.built[preset]

    def label(self, label, preset):
        """The tests of one label of CTest in one build."""
        name = label if preset == "dev" else f"{label} ({preset})"
        programs = [test for test in tests_of(preset) if test.in_tier(label)]
        if not programs and not (TREE / "tests" / label).is_dir() and label != "unit":
            say(f"== {name}: no such tests in this tree")
            return

        def work():
            count = Count()
            for program in programs:
                count += self.program(program)
            return self.not_zero(name, count)

        self.stage(name, work)

    def program(self, test):
        command, word = list(test.command), self.options.word
        if word and word not in test.name:
            if not is_doctest(command[0]):
                return Count()
            command.append(f"-ts=*{word}*" if "/" in word else f"-tc=*{word}*")
        started = time.monotonic()
        try:
            done = run(command, cwd=test.folder, timeout=test.limit_s, env=test.environment)
            status, output = done.returncode, done.stdout
        except subprocess.TimeoutExpired as error:
            status = f"over the limit of {test.limit_s} s"
            output = (error.stdout or b"").decode("utf-8", "replace")
        except OSError as error:
            status, output = str(error), ""
        count = counted(status, output)
        if count.failed or count.skipped:
            say(output.rstrip())
        if count.failed:
            say(f"FAIL {test.name}: exit {status}: {' '.join(command)}")
        elif count.passed or count.skipped:
            say(f"  {test.name}: {count}, {time.monotonic() - started:.1f} s")
        if not count.failed:
            for line in SUMMARY.findall(output):
                say(f"  {line}")
        return count

    def not_zero(self, name, count):
        if count.passed + count.failed + count.skipped == 0:
            say(f"FAIL {name}: no check was made" + (
                f" (nothing is named *{self.options.word}*)" if self.options.word else ""))
            return Count(failed=1)
        return count

    def tidy(self):
        self.stage("clang-format", lambda: self.not_zero("clang-format", clang_format()))
        if self.options.all and (TREE / ".clang-tidy").exists() and self.build("clang"):
            self.stage("clang-tidy", lambda: self.not_zero("clang-tidy", clang_tidy()))

    def boot(self):
        # "dev" is optimised as "release" is: where it was built, the other need not be.
        preset = "dev" if self.built.get("dev") else "release"
        if not self.build(preset):
            return
        environment = dict(os.environ)
        environment.setdefault("BOOT_VMM", str(TREE / "build" / preset / "siskin"))

        def work():
            command = [str(TREE / "tests/boot/run"), "--jobs", str(min(2, os.cpu_count() or 1)),
                       *self.options.word_list]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                                       errors="replace", env=environment)
            lines = []
            for line in process.stdout:
                lines.append(line)
                print(line, end="", flush=True)
            return self.not_zero("boot", counted(process.wait(), "".join(lines)))

        self.stage("boot", work)

    def everything(self):
        tiers = self.options.tier or TIERS
        if set(tiers) & {"tidy", "unit", "kvm"} and self.build("dev"):
            if "tidy" in tiers:
                self.tidy()
            tests = tests_of("dev")
            wanted = [tier for tier in tiers if tier != "boot"]
            if not self.options.tier:
                others = [test for test in tests if not any(map(test.in_tier, TIERS))]
                wanted += sorted({label for test in others for label in test.labels} - LEFT_OUT)
            for label in wanted:
                if label != "tidy" or any(test.in_tier(label) for test in tests):
                    self.label(label, "dev")
        if "boot" in tiers:
            self.boot()
        for preset, labels in EXTRA_BUILDS.items() if self.options.all else ():
            if set(labels) & set(tiers) and self.build(preset, labels):
                for label in labels:
                    if any(test.in_tier(label) for test in tests_of(preset)):
                        self.label(label, preset)

    def closing(self):
        say("== time: " + ", ".join(f"{name} {seconds:.0f} s" for name, seconds in self.times)
            + f"; {sum(seconds for _, seconds in self.times):.0f} s in all")
        say(str(self.total))
        return 1 if self.total.failed or not self.total.passed else 0


def run(command, **options):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", **options)


def counted(status, output):
    """What a test program did, from its exit status and its own words."""
    cases, closing = CASES.search(output), CLOSING.findall(output)
    count = Count()
    if cases:
        count.passed, count.failed = int(cases.group(2)), int(cases.group(3))
        count.assertions = int(ASSERTIONS.search(output).group(1))
    elif closing:
        count.passed, count.failed, count.skipped = map(int, closing[-1])
    elif status == 0:
        count.passed = 1
    if status == SKIPPED:
        said = re.search(r"(\d+) skipped", output)
        count = Count(skipped=int(said.group(1)) if said else 1)
    elif status != 0:
        count.failed = max(count.failed, 1)
    return count


@dataclasses.dataclass
class Test:
    name: str
    command: list
    labels: set
    folder: str
    limit_s: float
    environment: dict

    def in_tier(self, tier):
        """A label like unit-cli belongs to the tier unit."""
        return any(label == tier or label.startswith(tier + "-") for label in self.labels)


def is_doctest(program):
    try:
        return b"[doctest]" in pathlib.Path(program).read_bytes()
    except OSError:
        return False


def targets_of(preset):
    """The names that ninja can be asked for."""
    listing = run(["ninja", "-C", str(TREE / "build" / preset), "-t", "targets", "all"]).stdout
    return {line.split(":")[0] for line in listing.split("\n") if "/" not in line.split(":")[0]}


def wanted_targets(preset, labels):
    """A target of a test's name builds all that the test runs; tests of scripts have none."""
    if preset == "release":
        return {"siskin"}
    return {test.name for test in tests_of(preset) if any(map(test.in_tier, labels))}


def limit_of(properties, preset):
    return properties.get("TIMEOUT", PROGRAM_LIMIT_S) * SLOWER.get(preset, 1)


def tests_of(preset):
    """What CMake registered with add_test in a built preset."""
    listing = run(["ctest", "--show-only=json-v1", "--test-dir", str(TREE / "build" / preset)])
    found = []
    for entry in json.loads(listing.stdout)["tests"]:
        properties = {item["name"]: item["value"] for item in entry.get("properties", [])}
        environment = dict(os.environ)
        environment.update(item.split("=", 1) for item in properties.get("ENVIRONMENT", []))
        found.append(Test(entry["name"], entry.get("command", ["/no/such/program"]),
                          set(properties.get("LABELS", ["unit"])),
                          properties.get("WORKING_DIRECTORY", str(TREE)),
                          limit_of(properties, preset), environment))
    return found


def sources(*suffixes):
    return sorted(path for folder in SOURCE_FOLDERS for path in (TREE / folder).rglob("*")
                  if path.suffix in suffixes)


def clang_format():
    """Each source must be as clang-format 14 would write it."""
    count = Count()
    for path in sources(".h", ".cc"):
        done = run(["clang-format-14", "--style=file", "--dry-run", "-Werror", str(path)])
        if done.returncode == 0:
            count.passed += 1
        else:
            say(f"FAIL clang-format-14 --style=file -i {path.relative_to(TREE)}")
            count.failed += 1
    return count


def clang_tidy():
    """Each compiled file of siskin itself (tests have their own idioms) under .clang-tidy."""
    build = TREE / "build/clang"
    commands = json.loads((build / "compile_commands.json").read_text())
    compiled = {entry["file"] for entry in commands}
    files = [path for path in sources(".cc") if str(path) in compiled
             and not path.is_relative_to(TREE / "tests")]

    def check(path):
        done = run(["clang-tidy-14", "--quiet", "-p", str(build), str(path)])
        if done.returncode != 0:
            say(done.stdout + f"FAIL clang-tidy-14 -p build/clang {path.relative_to(TREE)}")
        return Count(passed=1) if done.returncode == 0 else Count(failed=1)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return sum(pool.map(check, files), Count())


def main():
    parser = argparse.ArgumentParser(prog="tools/test", description="build and run siskin's tests")
    parser.add_argument("--tier", action="append", choices=TIERS,
                        help="only this tier (repeatable)")
    parser.add_argument("--all", action="store_true",
                        help="also clang-tidy, and the unit tier built with clang, asan and tsan")
    parser.add_argument("word", nargs="?",
                        help="only test programs, suites (a word with /) or cases of this name")
    options = parser.parse_args()
    options.word_list = [options.word] if options.word else []
    os.chdir(TREE)
    tests = Run(options)
    tests.everything()
    return tests.closing()


if __name__ == "__main__":
    sys.exit(main())
