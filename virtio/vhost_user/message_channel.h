// SPDX-License-Identifier: Apache-2.0
// MessageChannel: whole messages of vhost-user over a socket, within limits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>

#include "base/byte_channel.h"
#include "base/fd.h"
#include "base/memory/guest_span.h"
#include "base/result.h"
#include "virtio/vhost_user/spec.h"

namespace siskin {

struct VhostUserMessage {
    std::uint32_t request = 0;
    std::uint32_t flags = 0;
    std::string payload;

    // The payload, when it is exactly that.
    template <GuestReadable T>
    [[nodiscard]] std::optional<T> read() const {
        if (payload.size() != sizeof(T)) {
            return std::nullopt;
        }
        T object;
        std::memcpy(&object, payload.data(), sizeof(T));
        return object;
    }
};

// The peer is hostile: what is too long, or comes with descriptors, is an error, after which the
// channel is of no use. Never waits. Thread: its owner's.
class MessageChannel {
public:
    // No message of either side is longer, without its header.
    static constexpr std::size_t kPayloadMax = 512;

    // A connected socket.
    explicit MessageChannel(Fd socket) : channel_(ByteChannel::of_socket(std::move(socket))) {}

    [[nodiscard]] int descriptor() const { return channel_.input(); }
    // Sends it whole. Error: the peer has gone, or does not take what it was sent before.
    [[nodiscard]] Result<> send(std::uint32_t request, std::uint32_t flags,
                                std::span<const std::byte> payload,
                                std::span<const int> descriptors = {});
    // The next message, or nothing so far. Errors: the peer has gone; the above.
    [[nodiscard]] Result<std::optional<VhostUserMessage>> receive();

private:
    // True once `bytes_` holds that many.
    [[nodiscard]] Result<bool> fill(std::size_t size);

    ByteChannel channel_;
    std::string bytes_;  // of the message under way
};

}  // namespace siskin
