// SPDX-License-Identifier: Apache-2.0
// Interpreter: runs the command lines of the human monitor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "vmm/hmp/call.h"

namespace siskin::hmp {

// Thread: VM loop, without MachineLock.
class Interpreter {
public:
    static constexpr std::size_t kLineMax = 4095;                     // bytes
    static constexpr std::size_t kOutputMax = std::size_t{1} << 20U;  // bytes of a command's answer

    explicit Interpreter(Services services) : services_(services) {}

    // Runs one line and returns the answer: lines that end in CRLF, or nothing. What is wrong with
    // the line, and what fails, is said there. An answer beyond kOutputMax is cut at a line's end
    // and says so.
    [[nodiscard]] std::string run(MonitorState& state, std::string_view line);

    // Error: there is no such CPU.
    [[nodiscard]] Result<> check_cpu(std::int64_t index);

private:
    Services services_;
};

}  // namespace siskin::hmp
