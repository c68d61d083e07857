// SPDX-License-Identifier: Apache-2.0
// Character back end "file".
#include "devices/chardev/file.h"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "base/fd_sets.h"
#include "base/text.h"

namespace siskin {

Result<std::unique_ptr<Chardev>> FileChardev::create(const ChardevConfig& config, EventLoop& loop,
                                                     MachineLock& lock) {
    if (config.path.empty()) {
        return fail("chardev: file: no filename given");
    }
    const bool append = config.append.value_or(false);
    // A FIFO without a reader is opened all the same, and kept output waits in its buffer.
    const int flags = O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (append ? O_APPEND : 0);
    Fd file = open_user_file(config.path, flags | O_CREAT | O_EXCL, 0666);
    // One of a set was there before.
    const bool created = file.valid() && !config.path.starts_with(kFdSetPrefix);
    if (!file.valid() && errno == EEXIST) {
        file = open_user_file(config.path, flags | O_CREAT, 0666);
    }
    if (!file.valid() && errno == ENXIO) {
        const int both_ways = (flags & ~O_WRONLY) | O_RDWR;  // fifo(7)
        file = open_user_file(config.path, both_ways);
    }
    if (!file.valid()) {
        return fail_errno(concat("Could not open '", config.path, "'"), errno);
    }
    std::unique_ptr<FileChardev> chardev(
        new FileChardev(config.id, loop, lock, SISKIN_TRY(EventFd::create())));
    chardev->created_path_ = created ? config.path : "";
    if (!append && !created) {
        chardev->to_be_emptied_ = SISKIN_TRY(file.duplicate());
    }
    SISKIN_TRY(chardev->start());
    SISKIN_TRY(chardev->connect(Fd(), std::move(file)));
    return std::unique_ptr<Chardev>(std::move(chardev));
}

FileChardev::~FileChardev() {
    if (!created_path_.empty()) {
        ::unlink(created_path_.c_str());
    }
}

void FileChardev::begin() {
    created_path_.clear();
    if (to_be_emptied_.valid()) {
        // EINVAL: a pipe or device, which has nothing to be emptied of.
        [[maybe_unused]] const int result = ::ftruncate(to_be_emptied_.get(), 0);
        to_be_emptied_.reset();
    }
}

}  // namespace siskin
