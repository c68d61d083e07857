# SPDX-License-Identifier: Apache-2.0
"""Reads lines while something else may be waited for: with GNU readline at a terminal, else plain.

An editor has begin(prompt), feed() when its fileno() is readable, end(), and hidden(), a context
in which others may print.  feed() returns a line, NOTHING_YET, or END.
"""

import contextlib
import ctypes
import os
import sys

NOTHING_YET = object()
END = None
READ_BYTES = 4096
NEEDED = ("rl_callback_handler_install", "rl_callback_read_char", "rl_callback_handler_remove",
          "rl_callback_sigcleanup", "rl_free_line_state", "rl_clear_visible_line",
          "rl_forced_update_display", "rl_resize_terminal", "rl_prep_terminal",
          "rl_deprep_terminal", "fflush", "free")


def new_editor(complete):
    """`complete(head, word)` lists what may stand in place of `word`."""
    if sys.stdin and sys.stdin.isatty() and sys.stdout.isatty():
        try:
            return ReadlineEditor(complete)
        except (ImportError, OSError, AttributeError):  # no readline, or not GNU's
            pass
    return PlainEditor()


class ReadlineEditor:
    """Readline's callback interface, which Python's module does not offer but its library has.

    The terminal is raw between begin() and end() only.
    """

    def __init__(self, complete):
        import readline

        self.readline = readline
        self._complete = complete
        self._library = library = ctypes.CDLL(getattr(readline, "__file__", None))
        for name in NEEDED:
            getattr(library, name)
        library.free.argtypes = [ctypes.c_void_p]
        ctypes.c_int.in_dll(library, "rl_catch_signals").value = 0
        self._handler = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(self._take)
        self._taken = NOTHING_YET
        self._active = False
        self._matches = []
        readline.set_completer_delims(" \t")
        readline.set_completer(self._completion)
        readline.parse_and_bind("tab: complete")

    def fileno(self):
        return sys.stdin.fileno()

    def begin(self, prompt):
        self._taken = NOTHING_YET
        self._library.rl_callback_handler_install(prompt.encode(), self._handler)
        self._active = True

    def feed(self):
        self._library.rl_callback_read_char()
        taken, self._taken = self._taken, NOTHING_YET
        return taken

    def end(self):
        """Gives the terminal back and forgets the line; says whether there was one."""
        was_active, self._active = self._active, False
        if was_active:
            self._library.rl_free_line_state()
            self._library.rl_callback_sigcleanup()
            self._library.rl_callback_handler_remove()
            self._library.fflush(None)
        return was_active

    def erase(self):
        """Takes prompt and line off the screen, for good."""
        if self._active:
            self._library.rl_clear_visible_line()
            self.end()

    @contextlib.contextmanager
    def hidden(self):
        if not self._active:
            yield
            return
        self._library.rl_clear_visible_line()
        self._library.fflush(None)
        try:
            yield
        finally:
            sys.stdout.flush()
            self._library.rl_forced_update_display()

    def has_line(self):
        """Whether feed() has something though the descriptor may be quiet."""
        return False

    def line_so_far(self):
        return self.readline.get_line_buffer() if self._active else ""

    def resized(self):
        if self._active:
            self._library.rl_resize_terminal()

    def suspend(self, stop):
        """Calls `stop`, which returns when the program goes on, with the terminal as it was."""
        if not self._active:
            stop()
            return
        self._library.rl_deprep_terminal()
        stop()
        self._library.rl_prep_terminal(1)
        self._library.rl_forced_update_display()

    def _take(self, pointer):
        self._active = False
        self._library.rl_callback_handler_remove()
        if pointer is None:
            self._taken = END
            return
        self._taken = ctypes.string_at(pointer).decode("utf-8", "replace")
        self._library.free(pointer)

    def _completion(self, word, state):
        if state == 0:
            line = self.readline.get_line_buffer().encode()
            head = line[:self.readline.get_begidx()].decode("utf-8", "replace")
            self._matches = self._complete(head, word)
        return self._matches[state] if state < len(self._matches) else None


class PlainEditor:
    """Lines as the terminal or a file has them."""

    readline = None

    def __init__(self, descriptor=0):
        self._descriptor = descriptor
        self._pending = b""
        self._ended = False
        self._prompt = ""

    def fileno(self):
        return self._descriptor

    def begin(self, prompt):
        self._prompt = prompt if os.isatty(self._descriptor) else ""
        self._show_prompt()

    def feed(self):
        if b"\n" not in self._pending and not self._ended:
            data = os.read(self._descriptor, READ_BYTES)
            self._ended = not data
            self._pending += data
        line, newline, rest = self._pending.partition(b"\n")
        if not newline and not self._ended:
            return NOTHING_YET
        self._pending = rest
        if not newline and not line:
            return END
        return line.decode("utf-8", "replace")

    def has_line(self):
        return b"\n" in self._pending or self._ended

    def end(self):
        return False

    def erase(self):
        if self._prompt:
            print()

    @contextlib.contextmanager
    def hidden(self):
        if self._prompt:
            print()
        yield
        self._show_prompt()

    def line_so_far(self):
        return ""

    def resized(self):
        pass

    def suspend(self, stop):
        stop()

    def _show_prompt(self):
        print(self._prompt, end="", flush=True)
