// SPDX-License-Identifier: Apache-2.0
// Lines of people as requests.
#include "vmm/hmp/human_conversation.h"

#include <optional>
#include <utility>

#include "base/text.h"
#include "qmp/protocol_handlers.h"
#include "vmm/hmp/command_table.h"

namespace siskin::hmp {
namespace {

std::string level() {
    return concat(qmp::kLevelMajor, '.', qmp::kLevelMinor, '.', qmp::kLevelMicro);
}

// RFC 9112 §3: the first line of a request ends with the protocol's version.
bool is_http(std::string_view line) {
    return line.find(" HTTP/") != std::string_view::npos;
}

}  // namespace

HumanConversation::HumanConversation(Interpreter& interpreter, qmp::Outlet outlet)
    : interpreter_(interpreter),
      outlet_(std::move(outlet)),
      state_(std::make_shared<MonitorState>()),
      session_(level(), {[this](std::string line) { take_line(std::move(line)); }, completions}) {}

void HumanConversation::take_line(std::string line) {
    if (!std::exchange(has_begun_, true) && is_http(line)) {
        is_over_ = true;
        return;
    }
    qmp::CommandCall call;
    call.run = [&interpreter = interpreter_, state = state_,
                line = std::move(line)](const qmp::Handlers&) -> Result<std::string> {
        return interpreter.run(*state, line);
    };
    outlet_.submit(qmp::Request{std::nullopt, std::move(call)});
}

void HumanConversation::reply(const qmp::Reply& reply) {
    session_.reply(reply.result ? *reply.result : std::string());
}

qmp::ConversationFactory human_conversations(Interpreter& interpreter) {
    return [&interpreter](qmp::Outlet outlet) {
        return std::make_unique<HumanConversation>(interpreter, std::move(outlet));
    };
}

}  // namespace siskin::hmp
