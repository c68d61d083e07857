// SPDX-License-Identifier: Apache-2.0
// ByteChannel: one stream of bytes in each direction, over a socket or a pair of descriptors.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"

namespace siskin {

// Nothing blocks on descriptors that are non-blocking, which sockets are made here. SIGPIPE is for
// the caller to ignore where an output is no socket. Thread: its owner's.
class ByteChannel {
public:
    // Descriptors that come with one message of a Unix socket; the kernel closes what is beyond.
    static constexpr std::size_t kDescriptorsMax = 16;

    enum class Outcome { Moved, Blocked, Ended, Broken };

    [[nodiscard]] static ByteChannel of_socket(Fd socket);
    // Either may be invalid: no input, or every write fails.
    [[nodiscard]] static ByteChannel of_files(Fd input, Fd output);

    // The numbers to watch; -1 for none, and after close().
    [[nodiscard]] int input() const { return input_.get(); }
    [[nodiscard]] int output() const { return is_socket_ ? input_.get() : output_.get(); }
    [[nodiscard]] bool is_open() const { return input_.valid() || output_.valid(); }
    // The peer came over IP, so anything on this host may be behind it: a web browser, too.
    [[nodiscard]] bool is_network() const { return is_network_; }

    // Not a socket: epoll may refuse to watch it (a regular file, /dev/null).
    [[nodiscard]] bool is_file() const { return !is_socket_; }

    // Nobody is at the other end of the output now.
    [[nodiscard]] bool is_hung_up() const;

    // Replaces `bytes` by what has come, at most `size_max`. Descriptors sent along (SCM_RIGHTS)
    // are added to `descriptors`, close-on-exec. Ended: the peer will send no more.
    [[nodiscard]] Outcome receive(std::size_t size_max, std::string& bytes,
                                  std::vector<Fd>& descriptors);
    // Sends what there is room for; `sent` bytes of it are gone.
    [[nodiscard]] Outcome send(std::string_view bytes, std::size_t& sent);

    // The peer sees the end now, whoever else still holds a handle on the socket.
    void close();

private:
    ByteChannel(Fd input, Fd output, bool is_socket)
        : input_(std::move(input)), output_(std::move(output)), is_socket_(is_socket) {}

    Fd input_;   // a socket: both directions
    Fd output_;  // invalid for a socket
    bool is_socket_;
    bool is_network_ = false;
};

}  // namespace siskin
