// SPDX-License-Identifier: Apache-2.0
// MessageChannel.
#include "virtio/vhost_user/message_channel.h"

#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include <sys/socket.h>
#include <sys/uio.h>

#include "base/text.h"

namespace siskin {

namespace spec = vhost_user_spec;

Result<> MessageChannel::send(std::uint32_t request, std::uint32_t flags,
                              std::span<const std::byte> payload,
                              std::span<const int> descriptors) {
    SISKIN_ASSERT(payload.size() <= kPayloadMax && descriptors.size() <= spec::kRegionsMax);
    spec::Header header{request, flags | spec::kVersion,
                        static_cast<std::uint32_t>(payload.size())};
    std::array<std::byte, sizeof(header) + kPayloadMax> bytes;
    std::memcpy(bytes.data(), &header, sizeof(header));
    if (!payload.empty()) {
        std::memcpy(bytes.data() + sizeof(header), payload.data(), payload.size());
    }
    iovec data{bytes.data(), sizeof(header) + payload.size()};
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(int) * spec::kRegionsMax)> control{};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    if (!descriptors.empty()) {
        message.msg_control = control.data();
        message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
        cmsghdr* const rights = CMSG_FIRSTHDR(&message);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(descriptors.size_bytes());
        std::memcpy(CMSG_DATA(rights), descriptors.data(), descriptors.size_bytes());
    }
    const ssize_t sent =
        ::sendmsg(channel_.input(), &message, MSG_NOSIGNAL | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (sent < 0) {
        return fail_errno("could not send to it", errno);
    }
    // Requests are few and short: who leaves so many unread will not read the next either.
    if (static_cast<std::size_t>(sent) != data.iov_len) {
        return fail("it does not read what it is sent");
    }
    return {};
}

Result<bool> MessageChannel::fill(std::size_t size) {
    if (bytes_.size() >= size) {
        return true;
    }
    std::string more;
    std::vector<Fd> descriptors;
    const auto outcome = channel_.receive(size - bytes_.size(), more, descriptors);
    if (!descriptors.empty()) {
        return fail("it sent descriptors, which nothing asked for");
    }
    switch (outcome) {
        case ByteChannel::Outcome::Moved: bytes_ += more; break;
        case ByteChannel::Outcome::Blocked: break;
        case ByteChannel::Outcome::Ended: return fail("it closed the connection");
        case ByteChannel::Outcome::Broken: return fail("the connection is broken");
    }
    return bytes_.size() >= size;
}

Result<std::optional<VhostUserMessage>> MessageChannel::receive() {
    spec::Header header;
    if (!SISKIN_TRY(fill(sizeof(header)))) {
        return std::optional<VhostUserMessage>();
    }
    std::memcpy(&header, bytes_.data(), sizeof(header));
    if (header.size.value() > kPayloadMax) {
        return fail(concat("it sent a message of ", header.size.value(), " bytes, the most is ",
                           kPayloadMax));
    }
    if ((header.flags.value() & spec::kVersionMask) != spec::kVersion) {
        return fail(concat("it sent a message with flags ", hex(header.flags.value()),
                           ", which is another version"));
    }
    if (!SISKIN_TRY(fill(sizeof(header) + header.size.value()))) {
        return std::optional<VhostUserMessage>();
    }
    VhostUserMessage message{header.request.value(), header.flags.value(),
                             bytes_.substr(sizeof(header))};
    bytes_.clear();
    return std::optional(std::move(message));
}

}  // namespace siskin
