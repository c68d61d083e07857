# SPDX-License-Identifier: Apache-2.0
"""A terminal with a person at it: a tmux server of its own, keys, and what the screen shows."""

import os
import shlex
import shutil
import subprocess
import tempfile
import time

from patience import patient

LIMIT_S = 60
POLL_S = 0.05
COLUMNS, ROWS = 100, 40


def usable():
    return shutil.which("tmux") is not None and shutil.which("bash") is not None


class Terminal:
    """A shell in a pane.  Keys are tmux's names, text is typed as it is."""

    def __init__(self, environment):
        self._folder = tempfile.mkdtemp(prefix="qmp_shell_terminal.")
        words = {"PS1": "$ ", "INPUTRC": "/dev/null", "LC_ALL": "C.UTF-8", **environment}
        command = ["env", *(f"{name}={value}" for name, value in words.items()),
                   "bash", "--norc", "--noprofile"]
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", str(COLUMNS), "-y", str(ROWS),
                   shlex.join(command))
        self.wait_line("$")

    def close(self):
        self._tmux("kill-server")
        shutil.rmtree(self._folder, ignore_errors=True)

    def type(self, text):
        self._tmux("send-keys", "-l", text)

    def press(self, *keys):
        self._tmux("send-keys", *keys)

    def enter(self, text):
        self.type(text)
        self.press("Enter")

    def resize(self, columns):
        self._tmux("resize-window", "-x", str(columns), "-y", str(ROWS))

    def lines(self):
        """The lines of the screen down to the last that is not empty."""
        return self._tmux("capture-pane", "-p").rstrip().split("\n")

    def wait(self, good, what):
        """The lines for which `good(lines)` first holds; AssertionError if it never does."""
        deadline = time.monotonic() + patient(LIMIT_S)
        while True:
            lines = self.lines()
            if good(lines):
                return lines
            if time.monotonic() > deadline:
                raise AssertionError(f"{what} is not on the screen:\n" + "\n".join(lines))
            time.sleep(POLL_S)

    def wait_text(self, text):
        """Waits until `text` is on one of the lines."""
        return self.wait(lambda lines: any(text in line for line in lines), repr(text))

    def wait_line(self, line):
        """Waits until `line` is the last one, white space at its end aside."""
        return self.wait(lambda lines: lines[-1].rstrip() == line.rstrip(), repr(line))

    def _tmux(self, *words):
        environment = {name: value for name, value in os.environ.items() if name != "TMUX"}
        done = subprocess.run(["tmux", "-S", f"{self._folder}/socket", *words], check=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, env=environment)
        return done.stdout
