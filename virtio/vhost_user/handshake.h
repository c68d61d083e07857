// SPDX-License-Identifier: Apache-2.0
// Handshake: one message after the other, from a fresh connection to rings that are served.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "base/memory/guest_memory.h"
#include "base/result.h"
#include "virtio/vhost_user/disk_info.h"
#include "virtio/vhost_user/message_channel.h"
#include "virtio/vhost_user/ring_memory.h"

namespace siskin {

// What set_up() hands to the back end. The descriptors are duplicated by sending them.
struct HandshakeParts {
    const GuestMemory& memory;
    RingMemory& rings;
    std::span<const EventFd> kicks;  // one a ring
    const EventFd& call;             // of all rings
    int requests = -1;               // the back end's end of its own channel; -1: none
};

// One request waits for its reply at a time, and nothing else may come; the owner has a deadline.
// Each reply is checked: its request, its flags, its size, its value. After an error the connection
// is of no use. Thread: its owner's.
class Handshake {
public:
    enum class State {
        Asking,     // what the disk is
        DiskKnown,  // set_up() is to be called
        SettingUp,
        Done,
    };

    explicit Handshake(MessageChannel& channel) : channel_(channel) {}

    [[nodiscard]] Result<> begin();
    [[nodiscard]] Result<> set_up(const HandshakeParts& parts);
    [[nodiscard]] Result<> on_message(const VhostUserMessage& message);

    [[nodiscard]] State state() const { return state_; }
    // From DiskKnown on, and checked.
    [[nodiscard]] const DiskInfo& disk() const { return disk_; }
    [[nodiscard]] bool has_back_end_requests() const {
        return protocol_.has(vhost_user_spec::kProtocolBackEndRequests);
    }

    // When Done: asks for the configuration space again. The reply goes to on_message(), after
    // which disk() is new.
    [[nodiscard]] Result<> ask_config();
    // A reply is to come.
    [[nodiscard]] bool is_waiting() const { return awaited_ != 0; }

private:
    struct Outgoing {
        std::uint32_t request;
        std::string payload;
        std::vector<int> descriptors;
    };

    [[nodiscard]] Result<> ask(std::uint32_t request, std::span<const std::byte> payload = {});
    template <typename T>
    void plan(std::uint32_t request, const T& payload, std::vector<int> descriptors = {});
    // As many as need no reply, and one that does.
    [[nodiscard]] Result<> send_planned();
    [[nodiscard]] Result<> plan_memory(const HandshakeParts& parts);
    void plan_ring(const HandshakeParts& parts, std::uint32_t index);
    [[nodiscard]] Result<> on_number(std::uint32_t request, std::uint64_t value);
    [[nodiscard]] Result<> on_config(const VhostUserMessage& message);
    [[nodiscard]] Result<> after_protocol_features();

    MessageChannel& channel_;
    State state_ = State::Asking;
    DiskInfo disk_;
    FeatureSet protocol_;  // used on this connection
    std::uint32_t awaited_ = 0;
    std::deque<Outgoing> planned_;
};

}  // namespace siskin
