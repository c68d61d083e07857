// SPDX-License-Identifier: Apache-2.0
// A program under test: its output, its end, its processor time. Every wait has a time limit.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "base/fd.h"
#include "base/result.h"

namespace siskin::test {

using Milliseconds = std::chrono::milliseconds;

// Long enough for a loaded machine: a good run never comes near it.
inline constexpr Milliseconds kPatience{90000};

// Runs until it ends or this object does; then it is killed. It dies with the test program, too.
// One thread.
class ChildProcess {
public:
    // Starts command[0] (a path) with pipes for its three standard streams.
    [[nodiscard]] static Result<ChildProcess> start(const std::vector<std::string>& command);
    ~ChildProcess();
    ChildProcess(ChildProcess&& other) noexcept;
    ChildProcess& operator=(ChildProcess&&) = delete;
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    [[nodiscard]] pid_t pid() const { return pid_; }
    // What came so far.
    [[nodiscard]] const std::string& output() const { return output_; }
    [[nodiscard]] const std::string& errors() const { return errors_; }

    // Waits until its standard output holds `text`, `times` times. False: it ended or the time is
    // over.
    [[nodiscard]] bool wait_for_output(std::string_view text, unsigned times = 1,
                                       Milliseconds limit = kPatience);
    // The same for its standard error.
    [[nodiscard]] bool wait_for_errors(std::string_view text, Milliseconds limit = kPatience);
    void send_signal(int number) const;
    // Its exit status (128 + signal where one ended it), or nothing when the time is over.
    [[nodiscard]] std::optional<int> wait_for_end(Milliseconds limit = kPatience);
    // Reads what it writes for that long, or until it ends.
    void observe(Milliseconds duration);
    void write_input(std::string_view text);
    void end_input() { input_fd_.reset(); }
    // Processor time of all its threads so far.
    [[nodiscard]] std::chrono::nanoseconds processor_time() const;
    [[nodiscard]] bool running();

private:
    ChildProcess(pid_t pid, Fd pidfd, Fd input, Fd output, Fd errors);
    // One poll(2): takes what there is; false once it ended and all was read.
    bool step(Milliseconds limit);
    void drain();
    void reap();

    pid_t pid_;
    Fd pidfd_;
    Fd input_fd_;
    Fd output_fd_;
    Fd errors_fd_;
    std::string output_;
    std::string errors_;
    std::optional<int> status_;
};

// How often `text` occurs.
[[nodiscard]] unsigned count_of(std::string_view haystack, std::string_view text);

}  // namespace siskin::test
