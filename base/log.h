// SPDX-License-Identifier: Apache-2.0
// The log: one line an event to stderr or the -D file, bounded where a guest can cause it.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace siskin {

// Any thread. A line is written by one write(2), so lines of two threads never mix. Nobody waits
// for a log that is not read (a full pipe): such lines are lost, and the next one says how many.
namespace log {

// Each line reads "siskin: <message>"; with time stamps "<ISO 8601 UTC> siskin: <message>".
void line(std::string_view message);
void warning(std::string_view message);  // "siskin: warning: ..."
// Also to stderr when the log is a file, and whole: why the process ends. May wait.
void fatal(std::string_view message);

// From now on lines go to this file (appended, created 0600). `-D`
[[nodiscard]] Result<> to_file(const std::string& path);
// `-msg timestamp=on`
void set_timestamps(bool on);

// Lines that are written only where they were asked for. `-d`
enum class Topic { Qmp };
void enable(Topic topic);
[[nodiscard]] bool is_enabled(Topic topic);

}  // namespace log

// Lines that a guest can cause: at most kBurst, then one a second, the rest counted and told with
// the next line. One object a device or subject. Any thread.
class GuestErrorLog {
public:
    static constexpr std::uint32_t kBurst = 10;

    explicit GuestErrorLog(std::string subject) : subject_(std::move(subject)) {}

    // Logs "<subject>: guest error: <message>", or counts it as suppressed.
    void report(std::string_view message);
    [[nodiscard]] const std::string& subject() const { return subject_; }
    [[nodiscard]] std::uint64_t suppressed() const { return suppressed_.load(); }

private:
    std::string subject_;
    std::atomic<std::uint32_t> burst_used_{0};
    std::atomic<std::int64_t> last_second_{0};
    std::atomic<std::uint64_t> suppressed_{0};
};

}  // namespace siskin
