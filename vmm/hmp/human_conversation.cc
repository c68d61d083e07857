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

// What -d qmp calls a line; what it says is not shown.
constexpr std::string_view kLogName = "(line for people)";

std::string level() {
    return concat(qmp::kLevelMajor, '.', qmp::kLevelMinor, '.', qmp::kLevelMicro);
}

// Command names begin with a small letter; '?' is one.
bool begins_command(char character) {
    return (character >= 'a' && character <= 'z') || character == '?';
}

}  // namespace

HumanConversation::HumanConversation(Interpreter& interpreter, qmp::Outlet outlet, bool is_network)
    : interpreter_(interpreter),
      outlet_(std::move(outlet)),
      state_(std::make_shared<MonitorState>()),
      is_doubtful_(is_network),
      session_(level(), {[this](std::string line) { submit(std::move(line)); }, completions}) {}

std::size_t HumanConversation::receive(std::string_view bytes) {
    const std::size_t first = is_doubtful_ ? bytes.find_first_not_of(" \t\r\n") : 0;
    if (is_doubtful_ && first != std::string_view::npos) {
        is_over_ = !begins_command(bytes[first]);
        is_doubtful_ = false;
    }
    return is_over_ ? bytes.size() : session_.receive(bytes);
}

void HumanConversation::submit(std::string line) {
    Fd descriptor = descriptor_for(line);
    qmp::CommandCall call;
    call.run = [&interpreter = interpreter_, state = state_,
                line = std::move(line)](const qmp::Handlers&) -> Result<std::string> {
        return interpreter.run(*state, line);
    };
    outlet_.submit(qmp::Request{std::nullopt, std::move(call), std::move(descriptor), kLogName});
}

Fd HumanConversation::descriptor_for(std::string_view line) {
    if (descriptors_.empty() || !takes_descriptor(line)) {
        return {};
    }
    Fd first = std::move(descriptors_.front());
    descriptors_.clear();
    return first;
}

void HumanConversation::reply(const qmp::Reply& reply) {
    session_.reply(reply.result ? *reply.result : std::string());
}

qmp::ConversationFactory human_conversations(Interpreter& interpreter) {
    return [&interpreter](qmp::Outlet outlet, bool is_network) {
        return std::make_unique<HumanConversation>(interpreter, std::move(outlet), is_network);
    };
}

}  // namespace siskin::hmp
