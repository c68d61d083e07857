// SPDX-License-Identifier: Apache-2.0
// A listening Unix socket under a path, and the care for its file.
#pragma once

#include <cstddef>
#include <string>

#include <sys/stat.h>

#include "base/fd.h"
#include "base/result.h"

namespace siskin::qmp {

// What fits into sockaddr_un beside the closing NUL.
inline constexpr std::size_t kSocketPathMax = 107;

// Owns the socket and, as long as it is still this one, the file. Move-only. Any one thread.
class UnixListener {
public:
    // The file has mode 0600 from its first moment. Errors: the path is empty or too long; a
    // socket that somebody listens on is there; something else is there. A socket file nobody
    // listens on is replaced.
    [[nodiscard]] static Result<UnixListener> bind(const std::string& path);
    // A listening stream socket made elsewhere; no file is removed for it.
    [[nodiscard]] static Result<UnixListener> adopt(Fd listening);

    ~UnixListener();
    UnixListener(UnixListener&& other) noexcept;
    UnixListener& operator=(UnixListener&&) = delete;

    [[nodiscard]] int fd() const { return fd_.get(); }

private:
    UnixListener(Fd fd, std::string path, const struct stat& file);

    Fd fd_;
    std::string path_;  // empty: no file of ours
    dev_t device_ = 0;
    ino_t inode_ = 0;
};

}  // namespace siskin::qmp
