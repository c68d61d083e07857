# SPDX-License-Identifier: Apache-2.0
"""The lines typed in earlier sessions, in a file that only its owner reads."""

import os
import pathlib

LINES_MAX = 1000


def history_path():
    """Below XDG_STATE_HOME, which must be absolute to count (XDG Base Directory 0.8)."""
    base = os.environ.get("XDG_STATE_HOME", "")
    if not os.path.isabs(base):
        base = os.path.expanduser("~/.local/state")
    return pathlib.Path(base) / "siskin" / "qmp_history"


class History:
    """Readline's history and its file; `note(text)` hears why the file cannot be used."""

    def __init__(self, readline, note, path=None):
        self._readline = readline
        self._note = note
        self._path = path or history_path()
        self._added = 0
        self._last = None

    def load(self):
        self._readline.set_history_length(LINES_MAX)
        try:
            self._readline.read_history_file(str(self._path))
        except FileNotFoundError:
            pass
        except OSError as error:
            self._note(f"cannot read {self._path}: {error.strerror}")

    def add(self, line):
        """Leaves out repetitions, and lines that begin with a space."""
        if line.strip() and not line.startswith(" ") and line != self._last:
            self._readline.add_history(line)
            self._added += 1
            self._last = line

    def save(self):
        """Appends what this session added, so that two sessions keep both their lines."""
        if not self._added:
            return
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._readline.append_history_file(self._added, str(self._path))
        except OSError as error:
            self._note(f"cannot write {self._path}: {error.strerror}")
