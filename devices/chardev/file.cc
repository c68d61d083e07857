// SPDX-License-Identifier: Apache-2.0
// Character back end "file".
#include "devices/chardev/file.h"

#include <cerrno>
#include <utility>

#include <fcntl.h>

#include "base/text.h"

namespace siskin {

Result<std::unique_ptr<Chardev>> FileChardev::create(const ChardevConfig& config, EventLoop& loop,
                                                     MachineLock& lock) {
    if (config.path.empty()) {
        return fail("chardev: file: no filename given");
    }
    const int mode = config.append.value_or(false) ? O_APPEND : O_TRUNC;
    // A FIFO without a reader is opened all the same, and kept output waits in its buffer.
    const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | mode;
    Fd file(::open(config.path.c_str(), flags, 0666));
    if (!file.valid() && errno == ENXIO) {
        const int both_ways = (flags & ~O_WRONLY) | O_RDWR;  // fifo(7)
        file = Fd(::open(config.path.c_str(), both_ways, 0666));
    }
    if (!file.valid()) {
        return fail_errno(concat("Could not open '", config.path, "'"), errno);
    }
    std::unique_ptr<FileChardev> chardev(
        new FileChardev(config.id, loop, lock, SISKIN_TRY(EventFd::create())));
    SISKIN_TRY(chardev->start());
    SISKIN_TRY(chardev->connect(Fd(), std::move(file)));
    return std::unique_ptr<Chardev>(std::move(chardev));
}

}  // namespace siskin
