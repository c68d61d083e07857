// SPDX-License-Identifier: Apache-2.0
// HumanConversation: a HumanSession as what a monitor's clients get (`mode=readline`).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "qmp/conversation.h"
#include "vmm/hmp/human_session.h"
#include "vmm/hmp/interpreter.h"

namespace siskin::hmp {

// A line becomes a request whose answer is text for people. A client that came over IP is
// disconnected unless its first byte begins a command: so that a web page which has a browser send
// something here (HTTP, TLS) executes nothing. Thread: QMP; the requests run on the VM thread and
// are all that touches the interpreter and what this monitor remembers.
class HumanConversation final : public qmp::Conversation {
public:
    // `interpreter` outlives the conversation and its requests.
    HumanConversation(Interpreter& interpreter, qmp::Outlet outlet, bool is_network);

    // They wait for getfd, which takes the first; the others are closed, as are older ones.
    void receive_descriptors(std::vector<Fd> descriptors) override {
        descriptors_ = std::move(descriptors);
    }
    std::size_t receive(std::string_view bytes) override;
    [[nodiscard]] bool may_receive() const override { return session_.may_receive(); }
    [[nodiscard]] bool is_over() const override { return is_over_; }
    void reply(const qmp::Reply& reply) override;
    // People are not told of events.
    [[nodiscard]] bool send_event(std::string_view /*line*/) override { return true; }
    [[nodiscard]] std::string_view output() const override { return session_.output(); }
    void sent(std::size_t count) override { session_.sent(count); }
    [[nodiscard]] std::size_t in_flight() const override { return session_.in_flight(); }

private:
    void submit(std::string line);
    [[nodiscard]] Fd descriptor_for(std::string_view line);

    Interpreter& interpreter_;
    qmp::Outlet outlet_;
    std::shared_ptr<MonitorState> state_;  // the VM thread's from the first request on
    bool is_doubtful_;                     // over IP, and nothing but white space has come
    bool is_over_ = false;
    std::vector<Fd> descriptors_;  // received, not yet taken
    HumanSession session_;
};

// The conversations of a monitor of mode readline.
[[nodiscard]] qmp::ConversationFactory human_conversations(Interpreter& interpreter);

}  // namespace siskin::hmp
