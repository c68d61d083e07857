// SPDX-License-Identifier: Apache-2.0
// The log.
#include "base/log.h"

#include <array>
#include <climits>
#include <ctime>
#include <set>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"

namespace siskin {
namespace {

std::atomic<int> output_fd{STDERR_FILENO};
std::atomic<bool> timestamps{false};
std::atomic<unsigned> topics{0};  // a bit each
std::atomic<std::uint64_t> lines_lost{0};
// Leaves room for what stands around the message.
constexpr std::size_t kMessageMax = PIPE_BUF - 128;

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

std::string line_of(std::string_view message) {
    return concat(timestamps.load() ? timestamp_now() : "", "siskin: ", message, '\n');
}

// Never waits: a pipe that is ready takes PIPE_BUF bytes.
bool write_if_ready(int output, std::string_view text) {
    pollfd room{output, POLLOUT, 0};
    return ::poll(&room, 1, 0) == 1 && (room.revents & POLLOUT) != 0 &&
           ::write(output, text.data(), text.size()) > 0;
}

}  // namespace

namespace log {

void line(std::string_view message) {
    const std::uint64_t lost = lines_lost.exchange(0);
    const std::string before =
        lost == 0 ? std::string() : concat('(', lost, " lines before this one were lost) ");
    const std::string text = line_of(concat(before, message.substr(0, kMessageMax)));
    if (!write_if_ready(output_fd.load(), text)) {
        lines_lost.fetch_add(lost + 1);
    }
}

void fatal(std::string_view message) {
    const std::string text = line_of(message);
    for (const int output : std::set<int>{output_fd.load(), STDERR_FILENO}) {
        // Where nobody reads it, nobody misses it.
        [[maybe_unused]] const auto written = ::write(output, text.data(), text.size());
    }
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

void enable(Topic topic) {
    topics.fetch_or(1U << static_cast<unsigned>(topic));
}

bool is_enabled(Topic topic) {
    return (topics.load(std::memory_order_relaxed) & 1U << static_cast<unsigned>(topic)) != 0;
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
