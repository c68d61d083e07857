// SPDX-License-Identifier: Apache-2.0
// Waits until nobody holds a lock on a file any more.
#pragma once

#include <string>

#include <fcntl.h>

#include "base/fd.h"

namespace siskin::test {

// Linux frees what an io_uring holds, the locked file too, some milliseconds after its process has
// ended: requests may still be under way, and are done before this returns. False: no such file.
[[nodiscard]] inline bool wait_for_locks_of(const std::string& image) {
    const Fd file(::open(image.c_str(), O_RDWR | O_CLOEXEC));
    struct flock whole {};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    return ::fcntl(file.get(), F_OFD_SETLKW, &whole) == 0;
}

}  // namespace siskin::test
