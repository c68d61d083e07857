// SPDX-License-Identifier: Apache-2.0
// TelnetConversation: any conversation, with a telnet program at the other end.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/telnet.h"
#include "qmp/conversation.h"

namespace siskin::qmp {

// The conversation inside sees what the client typed, and nothing of telnet: so its first byte is
// the first one behind the client's telnet commands. Thread: QMP.
class TelnetConversation final : public Conversation {
public:
    TelnetConversation(std::unique_ptr<Conversation> inside, TelnetEnd end)
        : inside_(std::move(inside)),
          opening_(end == TelnetEnd::Server ? kTelnetOpening : std::string_view()) {}

    void receive_descriptors(std::vector<Fd> descriptors) override {
        inside_->receive_descriptors(std::move(descriptors));
    }
    std::size_t receive(std::string_view bytes) override;
    [[nodiscard]] bool may_receive() const override { return inside_->may_receive(); }
    [[nodiscard]] bool is_over() const override { return inside_->is_over(); }
    void reply(const Reply& reply) override { inside_->reply(reply); }
    [[nodiscard]] bool send_event(std::string_view line) override {
        return inside_->send_event(line);
    }
    // A piece of it: there is more until it is empty.
    [[nodiscard]] std::string_view output() const override;
    void sent(std::size_t count) override;
    [[nodiscard]] std::size_t in_flight() const override { return inside_->in_flight(); }

private:
    std::unique_ptr<Conversation> inside_;
    TelnetReader reader_;
    std::string_view opening_;      // what is left of it
    bool is_escape_begun_ = false;  // of an escape in the output the first byte was sent
};

}  // namespace siskin::qmp
