// SPDX-License-Identifier: Apache-2.0
// UringEngine: I/O by io_uring; what a turn collects is submitted in one system call.
#pragma once

#include <cstddef>
#include <memory>

#include "devices/block/block_node.h"
#include "devices/block/file_access.h"

namespace siskin {

// Why io_uring cannot be used, as an errno value; 0 when it can.
struct UringUnavailable {
    int error_number = 0;
};

class UringEngine {
public:
    // A null engine where the host has no io_uring for us (`unavailable` says why: ENOSYS, EPERM or
    // ENOMEM). Other errors of the host are errors.
    [[nodiscard]] static Result<std::unique_ptr<BlockEngine>> create(FileAccess& file,
                                                                     std::size_t operations_max,
                                                                     UringUnavailable& unavailable);
};

}  // namespace siskin
