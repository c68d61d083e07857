// SPDX-License-Identifier: Apache-2.0
// Proves devices/block/throttle_state and throttle_limits: rates, windows, bursts and boundaries,
// on a clock of the test's own.
#include "devices/block/throttle_state.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace siskin {

using enum ThrottleScope;

namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr auto kBytes = ThrottleUnit::Bytes;
constexpr auto kRequests = ThrottleUnit::Requests;

ThrottleLimits one_limit(ThrottleUnit unit, ThrottleScope scope, ThrottleLimit limit) {
    ThrottleLimits limits;
    limits.of(unit, scope) = limit;
    return limits;
}

struct Sent {
    std::uint64_t at_ns;
    std::uint64_t size;
};

// A guest that always has a request, and timers that are late by up to `late_ns`.
struct Run {
    std::vector<Sent> go(std::uint64_t until_ns, bool is_write, auto size_of,
                         std::uint64_t late_ns = 0) {
        std::vector<Sent> sent;
        while (now < until_ns) {
            const std::uint64_t wait = state.wait_ns(is_write, now);
            if (wait != 0) {
                now += wait + (late_ns == 0 ? 0 : random() % late_ns);
                continue;
            }
            const std::uint64_t size = size_of();
            state.account(is_write, size, now);
            sent.push_back(Sent{now, size});
        }
        return sent;
    }

    ThrottleState state;
    std::uint64_t now = 0;
    std::mt19937_64 random{3};
};

std::uint64_t total(const std::vector<Sent>& sent) {
    std::uint64_t sum = 0;
    for (const Sent& one : sent) {
        sum += one.size;
    }
    return sum;
}

// The most and the least of any window of 100 ms after `from_ns`.
struct Extremes {
    std::uint64_t most = 0;
    std::uint64_t least = ~std::uint64_t{0};
};
Extremes windows(const std::vector<Sent>& sent, std::uint64_t from_ns, std::uint64_t until_ns) {
    constexpr std::uint64_t kWindow = kSecond / 10;
    Extremes extremes;
    std::size_t first = 0;
    std::size_t last = 0;
    std::uint64_t inside = 0;
    for (std::uint64_t begin = from_ns; begin + kWindow <= until_ns; begin += 1'000'000) {
        for (; last < sent.size() && sent[last].at_ns < begin + kWindow; ++last) {
            inside += sent[last].size;
        }
        for (; first < last && sent[first].at_ns < begin; ++first) {
            inside -= sent[first].size;
        }
        extremes.most = std::max(extremes.most, inside);
        extremes.least = std::min(extremes.least, inside);
    }
    return extremes;
}

}  // namespace

TEST_SUITE("devices/block/throttle_state") {
    TEST_CASE("the long run is the limit within 1 %, each 100 ms within 5 % (B16)") {
        for (const std::uint64_t late_ns : {std::uint64_t{0}, std::uint64_t{2'000'000}}) {
            Run run;
            run.state.configure(one_limit(kBytes, Total, {10'000'000, 0, 1}), 0);
            std::mt19937 sizes(5);
            const auto sent = run.go(
                20 * kSecond, false, [&] { return 512 * (1 + sizes() % 16); }, late_ns);

            CHECK(total(sent) >= 198'000'000);
            CHECK(total(sent) <= 202'000'000);
            const Extremes extremes = windows(sent, kSecond, 20 * kSecond);
            CHECK(extremes.most <= 1'050'000);
            CHECK(extremes.least >= 950'000);
        }
    }

    TEST_CASE("requests are counted as exactly, and late timers lose nothing (B16)") {
        Run run;
        run.state.configure(one_limit(kRequests, Write, {5000, 0, 1}), 0);
        const auto sent = run.go(
            10 * kSecond, true, [] { return 4096; }, 3'000'000);
        CHECK(sent.size() >= 49'500);
        CHECK(sent.size() <= 50'500);
    }

    TEST_CASE("a request larger than a second's bytes goes, and those behind it pay") {
        Run run;
        run.state.configure(one_limit(kBytes, Read, {1000, 0, 1}), 0);
        const auto sent = run.go(99 * kSecond, false, [] { return 10'000; });
        CHECK(sent.size() == 10);
        CHECK(sent[0].at_ns == 0);
        CHECK(sent[1].at_ns == 10 * kSecond - ThrottleState::kSlackNs);
    }

    TEST_CASE("a burst goes at its rate until it is used up, then the average holds (B16)") {
        Run run;
        run.state.configure(one_limit(kBytes, Total, {1'000'000, 3'000'000, 2}), 0);
        const auto sent = run.go(20 * kSecond, false, [] { return 1000; });
        const auto until = [&](std::uint64_t end) {
            std::uint64_t sum = 0;
            for (const Sent& one : sent) {
                sum += one.at_ns < end ? one.size : 0;
            }
            return sum;
        };
        // 6 MB fit; they fill at 3 MB/s and run out at 1 MB/s, so the burst is over after 3 s.
        CHECK(until(kSecond) <= 3'020'000);
        CHECK(until(kSecond) >= 2'970'000);
        CHECK(until(3 * kSecond) <= 9'030'000);
        CHECK(until(3 * kSecond) >= 8'960'000);
        CHECK(until(20 * kSecond) <= 26'030'000);
        CHECK(until(20 * kSecond) >= 25'960'000);
        // After a pause the same again.
        run.now = 100 * kSecond;
        CHECK(total(run.go(101 * kSecond, false, [] { return 1000; })) >= 2'970'000);
    }

    TEST_CASE("total limits reads and writes together, the others each alone") {
        Run run;
        run.state.configure(one_limit(kRequests, Total, {100, 0, 1}), 0);
        std::size_t reads = 0;
        std::size_t writes = 0;
        while (run.now < 10 * kSecond) {
            const bool is_write = (reads + writes) % 2 == 1;
            if (const auto wait = run.state.wait_ns(is_write, run.now); wait != 0) {
                run.now += wait;
                continue;
            }
            run.state.account(is_write, 512, run.now);
            ++(is_write ? writes : reads);
        }
        CHECK(reads + writes >= 1000);
        CHECK(reads + writes <= 1002);

        Run other;
        other.state.configure(one_limit(kRequests, Read, {1, 0, 1}), 0);
        other.state.account(false, 512, 0);
        CHECK(other.state.wait_ns(false, 0) != 0);
        CHECK(other.state.wait_ns(true, 0) == 0);
    }

    TEST_CASE("with iops-size a large request is several, a small one is one") {
        Run run;
        ThrottleLimits limits = one_limit(kRequests, Total, {100, 0, 1});
        limits.iops_size = 4096;
        run.state.configure(limits, 0);
        CHECK(run.go(10 * kSecond, false, [] { return 16384; }).size() == 251);
        Run small;
        small.state.configure(limits, 0);
        CHECK(small.go(10 * kSecond, false, [] { return 512; }).size() <= 1002);
    }

    TEST_CASE("no value wraps: the largest rates, sizes and times (B16)") {
        constexpr std::uint64_t kMost = ThrottleLimits::kValueMax;
        constexpr std::uint64_t kMax = ~std::uint64_t{0};
        for (const ThrottleLimit& limit :
             {ThrottleLimit{1, 0, 1}, ThrottleLimit{kMost, 0, 1}, ThrottleLimit{kMost, kMost, 1},
              ThrottleLimit{1, kMost, 1}, ThrottleLimit{1, 1, kMost}}) {
            for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{1}, kMax / 2, kMax}) {
                for (const std::uint64_t now : {std::uint64_t{0}, std::uint64_t{1}, kMax}) {
                    ThrottleState state;
                    state.configure(one_limit(kBytes, Total, limit), 0);
                    for (int round = 0; round < 100; ++round) {
                        state.account(false, size, now);
                    }
                    const std::uint64_t wait = state.wait_ns(false, now);
                    CHECK(wait <= ThrottleState::kWaitMaxNs);
                    // At these rates hundreds of 2^63 bytes are years, and never forgiven; and a
                    // hundred bytes are long at one a second.
                    const bool is_slow = limit.average == 1 && limit.max <= 1 && size == 1;
                    CHECK((wait != 0) == (size >= kMax / 2 || is_slow));
                }
            }
        }
    }

    TEST_CASE("a clock that goes back stands still") {
        ThrottleState state;
        state.configure(one_limit(kRequests, Total, {10, 0, 1}), 5 * kSecond);
        state.account(false, 512, 5 * kSecond);
        const auto wait = state.wait_ns(false, 5 * kSecond);
        CHECK(wait != 0);
        CHECK(state.wait_ns(false, 1 * kSecond) == wait);
        CHECK(state.wait_ns(false, 0) == wait);
    }

    TEST_CASE("never more than the budget and a burst, whatever the load looks like (B16)") {
        std::mt19937_64 random(17);
        for (int round = 0; round < 50; ++round) {
            const ThrottleLimit limit{1 + random() % 1'000'000, 0, 1};
            Run run;
            run.state.configure(one_limit(kBytes, Total, limit), 0);
            std::uint64_t sent = 0;
            std::uint64_t largest = 0;
            while (run.now < 5 * kSecond) {
                if (const auto wait = run.state.wait_ns(false, run.now); wait != 0) {
                    run.now += random() % 3 == 0 ? wait + random() % kSecond : wait;
                    continue;
                }
                const std::uint64_t size = 1 + random() % 100'000;
                run.state.account(false, size, run.now);
                sent += size;
                largest = std::max(largest, size);
                const double budget =
                    static_cast<double>(limit.average) * (static_cast<double>(run.now) + 5e6) / 1e9;
                REQUIRE(static_cast<double>(sent) <= budget + static_cast<double>(largest) + 1.0);
            }
        }
    }

    TEST_CASE("without limits nothing waits") {
        ThrottleState state;
        state.configure(ThrottleLimits{}, 0);
        state.account(true, ~std::uint64_t{0}, 0);
        CHECK(state.wait_ns(true, 0) == 0);
        CHECK_FALSE(ThrottleLimits{}.any());
    }
}

TEST_SUITE("devices/block/throttle_limits") {
    TEST_CASE("what cannot be is refused with what is allowed") {
        const auto refusal = [](const ThrottleLimits& limits) {
            const auto checked = check_throttle_limits(limits);
            return checked ? std::string() : checked.error().message;
        };
        CHECK(refusal({}).empty());
        CHECK(refusal(one_limit(kBytes, Total, {ThrottleLimits::kValueMax, 0, 1})).empty());
        CHECK(refusal(one_limit(kBytes, Total, {ThrottleLimits::kValueMax + 1, 0, 1})) ==
              "bps/iops/max values must be within [0, 1000000000000000]");
        CHECK(refusal(one_limit(kBytes, Total, {5, 10, 0})) == "the burst length cannot be 0");
        CHECK(refusal(one_limit(kBytes, Total, {5, 0, 2})) ==
              "burst length set without burst rate");
        CHECK(refusal(one_limit(kBytes, Total, {0, 5, 1})) ==
              "bps_max/iops_max require corresponding bps/iops values");
        CHECK(refusal(one_limit(kBytes, Total, {5, 3, 1})) ==
              "bps_max/iops_max cannot be lower than bps/iops");
        CHECK(refusal(one_limit(kBytes, Total, {5, ThrottleLimits::kValueMax, 2})) ==
              "burst length too high for this burst rate");
        ThrottleLimits both = one_limit(kRequests, Total, {5, 0, 1});
        both.of(kRequests, Read).average = 1;
        CHECK(refusal(both) ==
              "bps/iops/max total values and read/write values cannot be used at the same time");
        ThrottleLimits sized = one_limit(kBytes, Total, {5, 0, 1});
        sized.iops_size = 4096;
        CHECK(refusal(sized) == "iops size requires an iops value to be set");
    }
}

}  // namespace siskin
