// SPDX-License-Identifier: Apache-2.0
// Proves that no request is lost, answered twice or undone, wherever a back end dies: every point
// of the handshake and of every request in turn.
#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "tests/unit/virtio/vhost_user/vhost_bench.h"

namespace siskin::test {

namespace spec = virtio_spec;

namespace {

using Script = VhostBackEnd::Script;
using Death = VhostBackEnd::Death;

constexpr unsigned kOperations = 24;
constexpr unsigned kPlaces = 5;  // sectors in use; more than slots, so no two requests meet at one
constexpr std::array kDeaths{Death::BeforeWork, Death::AfterWork, Death::AfterReturn,
                             Death::AfterCall};

// What a driver knows of its disk, and how much of what it saw was wrong.
class Driver {
public:
    explicit Driver(VhostBench& bench) : bench_(bench) {}

    // Writes and reads by turns, each place in its turn, as many at a time as there are slots.
    void offer() {
        for (std::uint16_t slot = 0; slot < VhostBench::kSlots; ++slot) {
            const unsigned place = started_ % kPlaces;
            if (under_way_[slot] || is_busy(place) || started_ == kOperations) {
                continue;
            }
            const bool is_read = started_ % 3 == 2;
            const auto value = static_cast<std::uint8_t>(started_ + 1);
            under_way_[slot] = Operation{place, is_read, value};
            bench_.submit(slot, is_read ? spec::kBlockRead : spec::kBlockWrite, place,
                          is_read ? std::uint8_t{0xcc} : value);
            ++started_;
        }
    }
    void collect() {
        while (const auto slot = bench_.finished()) {
            if (!under_way_[*slot]) {
                ++wrong_;  // it came twice
                continue;
            }
            check(*slot, *under_way_[*slot]);
            under_way_[*slot].reset();
            ++finished_;
        }
    }
    // What was acknowledged is there, whatever dies.
    [[nodiscard]] bool has_all() const {
        for (unsigned place = 0; place < kPlaces; ++place) {
            if (bench_.disk.durable[place * 512U] != acknowledged_[place] && !is_busy(place)) {
                return false;
            }
        }
        return true;
    }
    [[nodiscard]] bool is_done() const { return finished_ == kOperations; }
    [[nodiscard]] unsigned wrong() const { return wrong_; }

private:
    struct Operation {
        unsigned place;
        bool is_read;
        std::uint8_t value;
    };

    [[nodiscard]] bool is_busy(unsigned place) const {
        for (const auto& one : under_way_) {
            if (one && one->place == place) {
                return true;
            }
        }
        return false;
    }
    void check(std::uint16_t slot, const Operation& operation) {
        const std::uint8_t wanted =
            operation.is_read ? acknowledged_[operation.place] : operation.value;
        const bool good = bench_.status(slot) == spec::kBlockStatusOk &&
                          bench_.data(slot) == std::vector<std::uint8_t>(512, wanted) &&
                          bench_.disk.durable[operation.place * 512U] == wanted;
        wrong_ += good ? 0 : 1;
        acknowledged_[operation.place] = wanted;
    }

    VhostBench& bench_;
    std::array<std::optional<Operation>, VhostBench::kSlots> under_way_;
    std::array<std::uint8_t, kPlaces> acknowledged_{};
    unsigned started_ = 0;
    unsigned finished_ = 0;
    unsigned wrong_ = 0;
};

struct Outcome {
    unsigned deaths = 0;
    unsigned wrong = 0;
    bool done = false;
    bool kept = false;
    unsigned messages = 0;  // of the last back end
    unsigned requests = 0;
};

// One back end after the other, as scripted, then an honest one.
Outcome run(std::vector<Script> scripts) {
    VhostBench bench(2);
    Driver driver(bench);
    Outcome outcome;
    scripts.emplace_back();
    std::size_t next = 0;
    bench.connect(scripts[next++]);
    const bool ended = bench.run_until([&] {
        if (bench.lost.size() == next && next < scripts.size()) {
            ++outcome.deaths;
            bench.connect(scripts[next++]);
        }
        if (bench.told && !bench.io) {
            bench.start();
        }
        if (bench.io) {
            driver.collect();
            driver.offer();
        }
        return driver.is_done();
    });
    bench.back_end->die();  // and so goes what was not flushed
    outcome.done = ended;
    outcome.wrong = driver.wrong() + bench.resets_needed;
    outcome.kept = driver.has_all();
    outcome.messages = bench.back_end->messages();
    outcome.requests = bench.back_end->requests();
    return outcome;
}

Script dies_at_message(unsigned message, bool reply_ack) {
    Script script;
    script.dies_at_message = message;
    script.reply_ack = reply_ack;
    return script;
}

Script dies_at_request(unsigned request, Death death, unsigned batch = 1) {
    Script script;
    script.dies_at_request = request;
    script.death = death;
    script.batch = batch;
    return script;
}

}  // namespace

TEST_SUITE("virtio/vhost_user/kill_points") {
    TEST_CASE("a back end that lives does everything once, and durably") {
        const Outcome outcome = run({});

        CHECK(outcome.done);
        CHECK(outcome.wrong == 0);
        CHECK(outcome.kept);
        // 16 writes with a flush each, 8 reads.
        CHECK(outcome.requests == 40);
    }

    TEST_CASE("a back end that dies at any message costs nothing but time") {
        const unsigned messages = run({}).messages;
        REQUIRE(messages > 15);
        for (unsigned message = 0; message < messages; ++message) {
            for (const bool reply_ack : {true, false}) {
                CAPTURE(message);
                CAPTURE(reply_ack);
                const Outcome outcome = run({dies_at_message(message, reply_ack)});

                CHECK(outcome.deaths == 1);
                CHECK(outcome.done);
                CHECK(outcome.wrong == 0);
                CHECK(outcome.kept);
            }
        }
    }

    TEST_CASE("a back end that dies at any point of any request loses and undoes nothing") {
        const unsigned requests = run({}).requests;
        for (unsigned request = 0; request < requests; ++request) {
            for (const Death death : kDeaths) {
                CAPTURE(request);
                CAPTURE(static_cast<int>(death));
                const Outcome outcome = run({dies_at_request(request, death)});

                CHECK(outcome.deaths == 1);
                CHECK(outcome.done);
                CHECK(outcome.wrong == 0);
                CHECK(outcome.kept);
            }
        }
    }

    TEST_CASE("two back ends that die one after the other, at any two points") {
        unsigned runs = 0;
        for (unsigned first = 0; first < 12; ++first) {
            for (unsigned second = 0; second < 12; ++second) {
                for (const Death death : kDeaths) {
                    CAPTURE(first);
                    CAPTURE(second);
                    const Outcome outcome = run({dies_at_request(first, death, 2),
                                                 dies_at_request(second, Death::AfterWork, 2)});

                    CHECK(outcome.done);
                    CHECK(outcome.wrong == 0);
                    CHECK(outcome.kept);
                    ++runs;
                }
            }
        }
        CHECK(runs == 576);
    }

    TEST_CASE("a back end that dies while another is greeted again and again") {
        std::vector<Script> scripts{dies_at_request(3, Death::AfterWork)};
        for (unsigned message = 0; message < 15; ++message) {
            scripts.push_back(dies_at_message(message, true));
        }
        scripts.push_back(dies_at_request(5, Death::AfterReturn));

        const Outcome outcome = run(std::move(scripts));

        CHECK(outcome.deaths == 17);
        CHECK(outcome.done);
        CHECK(outcome.wrong == 0);
        CHECK(outcome.kept);
    }
}

}  // namespace siskin::test
