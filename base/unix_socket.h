// SPDX-License-Identifier: Apache-2.0
// Unix stream sockets: listening at a path without taking it from a living owner, and connecting.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/fd.h"
#include "base/result.h"
#include "base/socket_address.h"

namespace siskin {

// A listening, non-blocking, close-on-exec socket. Unlinks its path when it goes, if the path is
// still its own.
class UnixListener {
public:
    // The file has mode 0600. A dead socket at the path is replaced; a socket that somebody listens
    // on, and a file of any other kind, is left alone. Errors: "UNIX socket path '<p>' is too long,
    // ..." and "Failed to bind socket to <p>: <reason>".
    [[nodiscard]] static Result<UnixListener> listen(const std::string& path);
    // Takes over a stream socket, of any family, that is bound and listens already. It has no path
    // of its own.
    [[nodiscard]] static Result<UnixListener> adopt(Fd fd);

    ~UnixListener();
    UnixListener(UnixListener&& other) noexcept
        : fd_(std::move(other.fd_)),
          path_(std::exchange(other.path_, std::string())),
          device_(other.device_),
          inode_(other.inode_) {}
    UnixListener& operator=(UnixListener&&) = delete;

    [[nodiscard]] int get() const { return fd_.get(); }
    // The next client, non-blocking and close-on-exec; an invalid Fd when nobody waits.
    [[nodiscard]] Fd accept() const;
    // How many clients may wait to be accepted; 1 at first.
    void set_backlog(int clients) const;

private:
    UnixListener(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

    Fd fd_;
    std::string path_;
    std::uint64_t device_ = 0;
    std::uint64_t inode_ = 0;
};

// The path that a socket is bound to; empty for one without.
[[nodiscard]] std::string unix_socket_path(int fd_number);

// A connected, non-blocking, close-on-exec socket. Error: "Failed to connect to '<p>': <reason>".
[[nodiscard]] Result<Fd> connect_unix(const std::string& path);

}  // namespace siskin
