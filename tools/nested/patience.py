# SPDX-License-Identifier: Apache-2.0
"""Time limits that hold on a busy machine too: they are there to end a hang, not to measure."""

import os


def patient(timeout_s):
    """`timeout_s` of a machine that does nothing else, on this machine as busy as it is now."""
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    return timeout_s * max(1.0, load)
