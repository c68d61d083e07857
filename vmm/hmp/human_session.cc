// SPDX-License-Identifier: Apache-2.0
// The conversation of a monitor for people.
#include "vmm/hmp/human_session.h"

#include <optional>
#include <utility>

#include "base/text.h"

namespace siskin::hmp {

HumanSession::HumanSession(std::string_view version, Outlet outlet)
    : outlet_(std::move(outlet)), editor_("(qemu) ", outlet_.complete) {
    // Scripts that drive a monitor wait for these words.
    output_.append(concat("QEMU ", version, " monitor - type 'help' for more information\r\n"));
    editor_.begin_line();
    output_.append(editor_.take_output());
}

std::size_t HumanSession::receive(std::string_view bytes) {
    std::size_t taken = 0;
    while (taken < bytes.size() && !waiting_ &&
           output_.size() + editor_.output_size() < kOutputMax) {
        std::optional<std::string> line = editor_.take(bytes[taken++]);
        if (!line) {
            continue;
        }
        if (line->find_first_not_of(' ') == std::string::npos) {
            editor_.begin_line();
            continue;
        }
        waiting_ = true;
        output_.append(editor_.take_output());
        outlet_.submit(std::move(*line));  // may answer at once
        return taken;
    }
    editor_.draw();
    output_.append(editor_.take_output());
    return taken;
}

void HumanSession::reply(std::string_view answer) {
    waiting_ = false;
    output_.append(answer);
    editor_.begin_line();
    output_.append(editor_.take_output());
}

}  // namespace siskin::hmp
