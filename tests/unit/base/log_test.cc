// SPDX-License-Identifier: Apache-2.0
// Proves base/log.
#include "base/log.h"

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <regex>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"

namespace siskin {
namespace {

// The log goes to a file of its own for the length of a test, and nowhere after it.
class LogFile {
public:
    explicit LogFile(const std::string& name)
        : path_(concat("/tmp/siskin_log_test.", ::getpid(), ".", name)) {
        const auto started = log::to_file(path_);
        REQUIRE(started.has_value());
    }
    ~LogFile() {
        log::set_timestamps(false);
        [[maybe_unused]] const auto stopped = log::to_file("/dev/null");
        std::remove(path_.c_str());
    }
    LogFile(const LogFile&) = delete;
    LogFile& operator=(const LogFile&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::vector<std::string> lines() const {
        std::ifstream in(path_);
        std::vector<std::string> lines;
        for (std::string line; std::getline(in, line);) {
            lines.push_back(line);
        }
        return lines;
    }

private:
    std::string path_;
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_SUITE("base/log") {
    TEST_CASE("a pipe that nobody reads holds nobody up, and the next line tells of the loss") {
        const LogFile file("restored");  // what comes after this case goes nowhere
        std::array<int, 2> ends{};
        REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
        const Fd reading(ends[0]);
        const Fd writing(ends[1]);
        REQUIRE(log::to_file(concat("/proc/self/fd/", writing.get())).has_value());
        const std::string long_line(3000, 'x');

        for (int number = 0; number < 100; ++number) {  // far more than a pipe holds
            log::line(long_line);
        }

        std::string text(1 << 20, '\0');
        REQUIRE(::read(reading.get(), text.data(), text.size()) > 0);
        log::line("after");
        const auto count = ::read(reading.get(), text.data(), text.size());
        REQUIRE(count > 0);
        const std::string_view last(text.data(), static_cast<std::size_t>(count));
        CHECK(last.find(" lines before this one were lost) after\n") != std::string_view::npos);
    }

    TEST_CASE("a line carries the program's name, a warning says so") {
        const LogFile file("plain");

        log::line("machine runs");
        log::warning("no memory left");

        CHECK(file.lines() == Lines{"siskin: machine runs", "siskin: warning: no memory left"});
    }

    TEST_CASE("why the process ends is told in the log file too") {
        const LogFile file("fatal");

        log::fatal("expected on stderr: told by a test");

        CHECK(file.lines() == Lines{"siskin: expected on stderr: told by a test"});
    }

    TEST_CASE("the log file is for its owner alone and is appended to") {
        const LogFile file("mode");
        log::line("one");
        REQUIRE(log::to_file(file.path()).has_value());
        log::line("two");

        struct stat status {};
        REQUIRE(::stat(file.path().c_str(), &status) == 0);

        CHECK((status.st_mode & 0777U) == 0600U);
        CHECK(file.lines() == Lines{"siskin: one", "siskin: two"});
    }

    TEST_CASE("a log file that cannot be opened is an error that names it") {
        const auto refused = log::to_file("/nonexistent/siskin.log");

        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().message ==
              "could not open '/nonexistent/siskin.log': No such file or directory");
    }

    TEST_CASE("time stamps are ISO 8601 in UTC with microseconds") {
        const LogFile file("stamps");
        log::set_timestamps(true);

        log::line("now");

        REQUIRE(file.lines().size() == 1);
        CHECK(std::regex_match(
            file.lines()[0], std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z siskin: now)")));
    }

    TEST_CASE("lines of several threads never mix") {
        const LogFile file("threads");
        const std::string word(200, 'x');

        std::vector<std::thread> threads;
        for (int number = 0; number < 4; ++number) {
            threads.emplace_back([&] {
                for (int line = 0; line < 250; ++line) {
                    log::line(word);
                }
            });
        }
        for (std::thread& thread : threads) {
            thread.join();
        }

        CHECK(file.lines() == Lines(1000, "siskin: " + word));
    }
}

TEST_SUITE("base/log: GuestErrorLog") {
    TEST_CASE("a guest's first errors are told in full") {
        const LogFile file("burst");
        GuestErrorLog guest("disk0");

        guest.report("bad descriptor");

        CHECK(file.lines() == Lines{"siskin: disk0: guest error: bad descriptor"});
        CHECK(guest.suppressed() == 0);
    }

    TEST_CASE("a guest that errs for ever fills no log: a burst, then at most one line a second") {
        constexpr int kReports = 100'000;
        const LogFile file("storm");
        GuestErrorLog guest("disk0");

        for (int number = 0; number < kReports; ++number) {
            guest.report("bad descriptor");
        }

        // A slow machine may take some seconds for the loop.
        CHECK(file.lines().size() >= GuestErrorLog::kBurst);
        CHECK(file.lines().size() < GuestErrorLog::kBurst + 60);
    }

    TEST_CASE("what was hidden is counted and told with the next line") {
        const LogFile file("hidden");
        GuestErrorLog guest("disk0");
        for (std::uint32_t number = 0; number < GuestErrorLog::kBurst; ++number) {
            guest.report("bad descriptor");
        }
        while (guest.suppressed() == 0) {
            guest.report("bad descriptor");
        }
        const std::size_t before = file.lines().size();

        while (file.lines().size() == before) {
            guest.report("again");
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }

        const std::string last = file.lines().back();
        CHECK(std::regex_match(
            last, std::regex(R"(siskin: disk0: guest error: again \(\d+ more before this one\))")));
        CHECK(guest.suppressed() == 0);
    }

    TEST_CASE("two subjects do not share a burst") {
        const LogFile file("subjects");
        GuestErrorLog first("disk0");
        GuestErrorLog second("net0");
        for (std::uint32_t number = 0; number < 2 * GuestErrorLog::kBurst; ++number) {
            first.report("bad descriptor");
        }

        second.report("bad header");

        CHECK(file.lines().back() == "siskin: net0: guest error: bad header");
    }
}

}  // namespace siskin
