// SPDX-License-Identifier: Apache-2.0
// The log.
#include "base/log.h"

#include <array>
#include <ctime>

#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"

namespace siskin {
namespace {

std::atomic<int> output_fd{STDERR_FILENO};
std::atomic<bool> timestamps{false};

std::string timestamp_now() {
    std::timespec now{};
    std::timespec_get(&now, TIME_UTC);
    std::tm calendar{};
    ::gmtime_r(&now.tv_sec, &calendar);
    std::array<char, 32> seconds{};
    std::strftime(seconds.data(), seconds.size(), "%Y-%m-%dT%H:%M:%S", &calendar);
    std::string micros = std::to_string(now.tv_nsec / 1000);
    micros.insert(0, 6 - micros.size(), '0');
    return concat(seconds.data(), '.', micros, "Z ");
}

void write_line(int output, std::string_view message) {
    std::string text = timestamps.load() ? timestamp_now() : std::string();
    text += concat("siskin: ", message, '\n');
    // A log that cannot be written must not stop the machine.
    [[maybe_unused]] const auto written = ::write(output, text.data(), text.size());
}

}  // namespace

namespace log {

void line(std::string_view message) {
    write_line(output_fd.load(), message);
}

void fatal(std::string_view message) {
    const int output = output_fd.load();
    if (output != STDERR_FILENO) {
        write_line(output, message);
    }
    write_line(STDERR_FILENO, message);
}

void warning(std::string_view message) {
    line(concat("warning: ", message));
}

Result<> to_file(const std::string& path) {
    Fd file = SISKIN_TRY(open_file(path, O_WRONLY | O_CREAT | O_APPEND, 0600));
    // The log outlives every object, so its descriptor stays open until the process ends.
    output_fd.store(file.release());
    return {};
}

void set_timestamps(bool on) {
    timestamps.store(on);
}

}  // namespace log

void GuestErrorLog::report(std::string_view message) {
    const std::int64_t second = std::time(nullptr);
    if (burst_used_.fetch_add(1) >= kBurst) {
        burst_used_.store(kBurst);
        std::int64_t last = last_second_.load();
        if (last == second || !last_second_.compare_exchange_strong(last, second)) {
            suppressed_.fetch_add(1);
            return;
        }
    } else {
        last_second_.store(second);
    }
    const std::uint64_t hidden = suppressed_.exchange(0);
    std::string text = concat(subject_, ": guest error: ", message);
    if (hidden != 0) {
        text += concat(" (", hidden, " more before this one)");
    }
    log::line(text);
}

}  // namespace siskin
