# SPDX-License-Identifier: Apache-2.0
"""The command line of qmp_shell and siskin-qmp, and what an exit status comes from."""

import argparse
import math
import os
import sys

from qmp import oneshot
from qmp.address import parse_address
from qmp.client import Client, Deadline
from qmp.output import harmless_line
from qmp.status import Exit, Problem, UsageProblem, exit_table

DETAILS = """\
ADDRESS is a socket's path, unix:PATH, HOST:PORT or tcp:HOST:PORT.

COMMAND is the name of a QMP command, or a whole request as one JSON object, or - for requests as
JSON objects on stdin, which are executed in turn until one fails. Arguments are

  KEY=VALUE     a.b=VALUE sets b in the object a; a VALUE that begins with { or [ is JSON, one in
                quotes a string; true, false, null and numbers are what they say, and all else
                is a string
  {...}         members as one JSON object
  -             all of them as one JSON object on stdin

Exit status:
"""


def parser_of(program, interactive):
    parser = argparse.ArgumentParser(
        prog=program, allow_abbrev=False,
        usage="%(prog)s [OPTION ...] ADDRESS " + (
            "[COMMAND [ARGUMENT ...]]" if interactive else "COMMAND [ARGUMENT ...]"),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=("Talks QMP to a virtual machine: a shell without COMMAND, else one command."
                     if interactive else "Executes a QMP command and prints what it returns."),
        epilog=DETAILS + exit_table())
    parser.add_argument("address", metavar="ADDRESS", help="where the monitor listens")
    parser.add_argument("words", metavar="COMMAND ...", nargs="*",
                        help="what to execute; see below")
    parser.add_argument("-p", "--pretty", action="store_true",
                        help="print JSON on many lines" + (
                            "" if interactive else " (so it is on a terminal anyway)"))
    parser.add_argument("-H", "--hmp", action="store_true",
                        help="send words to the human monitor, as human-monitor-command does")
    parser.add_argument("-v", "--verbose", action="store_true",
                        help="show what is sent, on stderr")
    parser.add_argument("--wait-event", metavar="NAME",
                        help="then wait for this event and print it; one that came during "
                             "the command counts")
    parser.add_argument("--timeout", metavar="SECONDS", type=_seconds,
                        help="end when all is not done by then; without it only the greeting "
                             f"has a limit, of {oneshot.GREETING_LIMIT_S} s")
    return parser


def main(program, interactive):
    """The exit status."""
    _open_missing_streams()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")
    parser = parser_of(program, interactive)
    options = parser.parse_intermixed_args()
    try:
        return _run(parser, options, interactive)
    except Problem as problem:
        text = harmless_line(str(problem))
        prefix = "" if problem.status == Exit.COMMAND else f"{program}: "
        print(prefix + text, file=sys.stderr)
        return problem.status
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except OSError as error:
        # Nothing may be flushed into it at the end either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        if not isinstance(error, BrokenPipeError):
            print(f"{program}: cannot write: {error.strerror}", file=sys.stderr)
        return Exit.OUTPUT


def _run(parser, options, interactive):
    address = parse_address(options.address)
    if options.words or options.wait_event:
        requests = oneshot.requests_of(options.words, options.hmp, sys.stdin)
        if options.words and not requests:
            raise UsageProblem("stdin has no request")
        show = oneshot.Show(options.hmp, options.pretty, options.verbose)
        return oneshot.run(address, requests, options, show)
    if not interactive:
        parser.error("there is neither COMMAND nor --wait-event")
    from qmp.shell import Shell

    show = oneshot.Show(options.hmp, options.pretty, options.verbose)
    limit = Deadline(options.timeout or oneshot.GREETING_LIMIT_S)
    client = Client.connect(address, limit, show.sent)
    try:
        return Shell(client, options.hmp, options.pretty).run()
    finally:
        client.close()


def _open_missing_streams():
    """A closed standard stream is empty, so that no socket takes its number."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, open(number, mode, closefd=False))


def _seconds(text):
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return seconds
