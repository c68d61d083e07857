# SPDX-License-Identifier: Apache-2.0
"""Runs real QMP clients against siskin: go-qemu (from Debian) and qemu.qmp (from PyPI).

Usage: run.py SISKIN WORK-FOLDER.  A client that is not to be had here is counted as skipped.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
GO_PATH = "/usr/share/gocode"
GO_PACKAGE = "src/github.com/digitalocean/go-qemu/qmp"
PYTHON_PACKAGE = "qemu.qmp==0.0.3"
START_LIMIT_S = 20
CLIENT_LIMIT_S = 120
CLOSING = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", re.MULTILINE)


def go_client(work):
    """The command of the Go client, or why there is none."""
    if shutil.which("go") is None or not pathlib.Path(GO_PATH, GO_PACKAGE).is_dir():
        return None, "no go, or no golang-github-digitalocean-go-qemu-dev"
    program = work / "go_qemu"
    environment = dict(os.environ, GO111MODULE="off", GOPATH=GO_PATH, GOFLAGS="",
                       GOCACHE=str(work / "go-cache"))
    built = subprocess.run(["go", "build", "-o", str(program), "."], cwd=HERE / "go_qemu",
                           env=environment, stdin=subprocess.DEVNULL, text=True,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if built.returncode != 0:
        raise SystemExit(f"{built.stdout}FAIL the Go client does not build\n"
                         "0 passed, 1 failed, 0 skipped")
    return [str(program)], None


def python_client(work):
    """The command of the Python client, or why there is none."""
    library = work / "python"
    if not library.is_dir():
        partial = work / "python.partial"
        shutil.rmtree(partial, ignore_errors=True)
        done = subprocess.run([sys.executable, "-m", "pip", "install", "--quiet",
                               "--disable-pip-version-check", "--target", str(partial),
                               PYTHON_PACKAGE], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            return None, f"{PYTHON_PACKAGE} cannot be installed: {done.stdout.strip()[-200:]}"
        partial.rename(library)
    return ["env", f"PYTHONPATH={library}", sys.executable, str(HERE / "qemu_qmp.py")], None


def wait_for_socket(path, process):
    deadline = time.monotonic() + START_LIMIT_S
    while not path.is_socket():
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit("FAIL siskin does not listen\n0 passed, 1 failed, 0 skipped")
        time.sleep(0.01)


def run_client(siskin, command):
    """What the client counted."""
    with tempfile.TemporaryDirectory(prefix="siskin-client-") as folder:
        socket = pathlib.Path(folder, "qmp")
        vmm = subprocess.Popen([siskin, "-M", "q35", "-nodefaults", "-display", "none", "-S",
                                "-qmp", f"unix:{socket},server=on,wait=off"],
                               stdin=subprocess.DEVNULL)
        try:
            wait_for_socket(socket, vmm)
            done = subprocess.run([*command, str(socket)], stdin=subprocess.DEVNULL, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  timeout=CLIENT_LIMIT_S)
        except subprocess.TimeoutExpired as error:
            print(f"{(error.stdout or b'').decode()}FAIL not done after {CLIENT_LIMIT_S} s")
            return 0, 1, 0
        finally:
            vmm.kill()
            vmm.wait()
    print(done.stdout, end="")
    closing = CLOSING.search(done.stdout)
    if closing is None:
        return 0, 1, 0
    return tuple(map(int, closing.groups()))


def main():
    siskin, work = sys.argv[1], pathlib.Path(sys.argv[2])
    work.mkdir(parents=True, exist_ok=True)
    totals = [0, 0, 0]
    for name, prepare in (("go-qemu", go_client), ("qemu.qmp", python_client)):
        command, reason = prepare(work)
        print(f"-- {name}")
        if command is None:
            print(f"skipped: {reason}")
            totals[2] += 1
            continue
        totals = [total + count for total, count in zip(totals, run_client(siskin, command))]
    print("{} passed, {} failed, {} skipped".format(*totals))
    return 1 if totals[1] else 0


if __name__ == "__main__":
    sys.exit(main())
