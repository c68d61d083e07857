// SPDX-License-Identifier: Apache-2.0
// Reads and writes of sockets, pipes and terminals.
#include "base/byte_channel.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace siskin {
namespace {

using Outcome = ByteChannel::Outcome;

Outcome outcome_of(ssize_t count, int error_number) {
    if (count >= 0) {
        return count > 0 ? Outcome::Moved : Outcome::Ended;
    }
    return error_number == EAGAIN || error_number == EINTR ? Outcome::Blocked : Outcome::Broken;
}

// unix(7): what SCM_RIGHTS carries is ours from the moment recvmsg returns.
void take_descriptors(msghdr& message, std::vector<Fd>& descriptors) {
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        const std::size_t size = header->cmsg_len - CMSG_LEN(0);
        for (std::size_t offset = 0; offset + sizeof(int) <= size; offset += sizeof(int)) {
            int number = -1;
            std::memcpy(&number, CMSG_DATA(header) + offset, sizeof(number));
            descriptors.emplace_back(number);
        }
    }
}

ssize_t receive_message(int socket, std::string& bytes, std::vector<Fd>& descriptors) {
    static constexpr std::size_t kControlSize =
        CMSG_SPACE(ByteChannel::kDescriptorsMax * sizeof(int));
    alignas(cmsghdr) std::array<char, kControlSize> control{};
    iovec part{bytes.data(), bytes.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t count = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (count >= 0) {
        take_descriptors(message, descriptors);
    }
    return count;
}

bool is_ip_socket(int number) {
    sockaddr_storage address{};
    socklen_t size = sizeof(address);
    return ::getsockname(number, reinterpret_cast<sockaddr*>(&address), &size) == 0 &&
           (address.ss_family == AF_INET || address.ss_family == AF_INET6);
}

}  // namespace

ByteChannel ByteChannel::of_socket(Fd socket) {
    ByteChannel channel(std::move(socket), Fd(), true);
    channel.is_network_ = is_ip_socket(channel.input());
    const int flags = ::fcntl(channel.input(), F_GETFL);
    if (flags >= 0) {
        ::fcntl(channel.input(), F_SETFL, flags | O_NONBLOCK);
    }
    return channel;
}

ByteChannel ByteChannel::of_files(Fd input, Fd output) {
    return {std::move(input), std::move(output), false};
}

Outcome ByteChannel::receive(std::size_t size_max, std::string& bytes,
                             std::vector<Fd>& descriptors) {
    bytes.resize(size_max);
    const ssize_t count = is_socket_ ? receive_message(input(), bytes, descriptors)
                                     : ::read(input(), bytes.data(), bytes.size());
    const Outcome outcome = outcome_of(count, errno);
    bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return outcome;
}

Outcome ByteChannel::send(std::string_view bytes, std::size_t& sent) {
    const ssize_t count =
        is_socket_ ? ::send(output(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT)
                   : ::write(output(), bytes.data(), bytes.size());
    const Outcome outcome = outcome_of(count, errno);
    sent = count > 0 ? static_cast<std::size_t>(count) : 0;
    return outcome == Outcome::Ended ? Outcome::Blocked : outcome;
}

bool ByteChannel::is_hung_up() const {
    pollfd state{output(), 0, 0};
    return ::poll(&state, 1, 0) == 1 && (state.revents & POLLHUP) != 0;
}

void ByteChannel::close() {
    if (is_socket_ && input_.valid()) {
        ::shutdown(input_.get(), SHUT_RDWR);
    }
    input_.reset();
    output_.reset();
}

}  // namespace siskin
