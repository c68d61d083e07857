# SPDX-License-Identifier: Apache-2.0
"""What tools/qmp_shell and tools/siskin-qmp are made of: a QMP client for people and scripts."""
