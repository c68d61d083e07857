# SPDX-License-Identifier: Apache-2.0
"""Exit statuses, each with what it means, and the problems that lead to them."""

import enum


class Exit(enum.IntEnum):
    """The one table of exit statuses; --help prints it."""

    def __new__(cls, value, meaning):
        member = int.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member

    SUCCESS = 0, "the command succeeded and the event came"
    COMMAND = 1, "the command answered an error; stderr has it as CLASS: DESC"
    USAGE = 2, "wrong usage; nothing was sent"
    CONNECTION = 3, "no connection, it was lost, or the other side does not speak QMP"
    TIMEOUT = 4, "the greeting, the reply or the event did not come in time"
    OUTPUT = 5, "what came could not be written to stdout"
    INTERRUPTED = 130, "Ctrl-C"


def exit_table():
    return "\n".join(f"  {status:<4} {status.meaning}" for status in Exit)


class Problem(Exception):
    """Ends a program: one line for people, and the exit status."""

    status = Exit.CONNECTION


class UsageProblem(Problem):
    status = Exit.USAGE


class Unreachable(Problem):
    """There is nobody at the address."""


class Disconnected(Problem):
    """The other side closed the connection."""


class ProtocolProblem(Problem):
    """The other side sent what QMP does not allow."""


class TimedOut(Problem):
    status = Exit.TIMEOUT


class CommandError(Problem):
    """The reply was an error."""

    status = Exit.COMMAND

    def __init__(self, error_class, description):
        super().__init__(f"{error_class}: {description}")
