// SPDX-License-Identifier: Apache-2.0
// HumanSession: one person's conversation with the monitor (`mode=readline`): keys in, text out.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "qmp/output_buffer.h"
#include "vmm/hmp/line_editor.h"

namespace siskin::hmp {

// Knows no socket and no machine. One line at a time: from submit() until reply() no bytes are
// taken, so what is typed ahead waits in the caller's buffer or the kernel's. Thread: QMP.
class HumanSession {
public:
    // Bytes waiting to be sent; beyond it no bytes are taken.
    static constexpr std::size_t kOutputMax = std::size_t{1} << 20U;

    struct Outlet {
        // Runs the line on the VM thread; its answer comes back through reply().
        std::function<void(std::string line)> submit;
        // Runs here; completions() of the command table.
        LineEditor::Complete complete;
    };

    // Begins with the greeting and a prompt. `version` is "7.2.0", the level of QEMU's monitor.
    HumanSession(std::string_view version, Outlet outlet);

    // Takes bytes while it may and returns how many; the rest is offered again later.
    std::size_t receive(std::string_view bytes);
    [[nodiscard]] bool may_receive() const { return !waiting_ && output_.size() < kOutputMax; }
    // The answer of the line that was submitted, as Interpreter::run() gives it.
    void reply(std::string_view answer);

    // What is to be sent, and how much of it was.
    [[nodiscard]] std::string_view output() const { return output_.view(); }
    void sent(std::size_t count) { output_.sent(count); }
    // Lines handed on and not yet answered: 0 or 1.
    [[nodiscard]] std::size_t in_flight() const { return waiting_ ? 1 : 0; }

private:
    Outlet outlet_;
    LineEditor editor_;
    bool waiting_ = false;
    qmp::OutputBuffer output_;
};

}  // namespace siskin::hmp
