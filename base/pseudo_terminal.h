// SPDX-License-Identifier: Apache-2.0
// PseudoTerminal: a pty's two ends, made ready for bytes that are not to be touched.
#pragma once

#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace siskin {

// pty(7). The slave is in raw mode; it stays so as long as the master is open. While nobody has
// the slave open, reading the master fails and poll(2) says POLLHUP.
struct PseudoTerminal {
    Fd master;  // non-blocking
    Fd slave;
    std::string path;  // of the slave: "/dev/pts/3"

    // Error: "Failed to create PTY: <reason>".
    [[nodiscard]] static Result<PseudoTerminal> open();
};

}  // namespace siskin
