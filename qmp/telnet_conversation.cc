// SPDX-License-Identifier: Apache-2.0
// A conversation over telnet.
#include "qmp/telnet_conversation.h"

#include <algorithm>

namespace siskin::qmp {
namespace {

constexpr std::string_view kEscapes("\xff\xff", 2);
// How far output is searched for the next escape: a long one is not searched to its end each time.
constexpr std::size_t kPieceMax = std::size_t{64} << 10U;

}  // namespace

std::size_t TelnetConversation::receive(std::string_view bytes) {
    std::size_t taken = 0;
    while (taken < bytes.size() && inside_->may_receive()) {
        const std::size_t plain = reader_.plain(bytes.substr(taken));
        if (plain != 0) {
            const std::size_t count = inside_->receive(bytes.substr(taken, plain));
            taken += count;
            if (count < plain) {
                break;
            }
            continue;
        }
        const auto byte = reader_.take(bytes[taken]);
        ++taken;
        if (byte) {
            // It may receive, so it takes a byte, or is over.
            inside_->receive(std::string_view(&*byte, 1));
        }
    }
    return taken;
}

std::string_view TelnetConversation::output() const {
    if (!opening_.empty()) {
        return opening_;
    }
    const std::string_view text = inside_->output().substr(0, kPieceMax);
    const std::size_t plain = std::min(text.find(kTelnetEscape), text.size());
    if (plain != 0 || text.empty()) {
        return text.substr(0, plain);
    }
    return kEscapes.substr(is_escape_begun_ ? 1 : 0);
}

void TelnetConversation::sent(std::size_t count) {
    if (!opening_.empty()) {
        opening_.remove_prefix(count);
        return;
    }
    const std::string_view text = inside_->output();
    if (count == 0 || text.front() != kTelnetEscape) {
        inside_->sent(count);
        return;
    }
    is_escape_begun_ = !is_escape_begun_ && count == 1;
    if (!is_escape_begun_) {
        inside_->sent(1);
    }
}

}  // namespace siskin::qmp
