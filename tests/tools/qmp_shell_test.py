# SPDX-License-Identifier: Apache-2.0
"""tools/qmp_shell and tools/siskin-qmp without a virtual machine: parts, client and programs."""

import pathlib
import sys

sys.dont_write_bytecode = True  # keeps the source tree clean
TOOLS = pathlib.Path(__file__).resolve().parents[2] / "tools"
sys.path[:0] = [str(TOOLS), str(TOOLS / "nested")]

import closing
import qmp_client_cases
import qmp_program_cases
import qmp_syntax_cases

if __name__ == "__main__":
    sys.exit(closing.run(*qmp_syntax_cases.CASES, *qmp_client_cases.CASES,
                         *qmp_program_cases.CASES))
