// SPDX-License-Identifier: Apache-2.0
// Proves devices/block/throttled_engine and throttle_group: waiting, turns, release, on real time.
#include "devices/block/throttled_engine.h"

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <vector>

namespace siskin {

namespace {

class Operation final : public BlockOperation {
public:
    void complete(int error_number) override {
        error = error_number;
        ++completions;
    }
    int error = 0;
    unsigned completions = 0;
};

// Notes what it is given, and completes nothing.
class Recorder final : public BlockEngine {
public:
    explicit Recorder(std::vector<BlockOperation*>& begun) : begun_(begun) {}
    Result<> attach(IoLoop&) override { return {}; }
    void detach(IoLoop&) override {}
    void submit(BlockOperation& operation) override { begun_.push_back(&operation); }
    std::string_view name() const override { return "recorder"; }

private:
    std::vector<BlockOperation*>& begun_;
};

struct Bench {
    explicit Bench(IoLoop& on) : loop(on) { REQUIRE(engine->attach(loop).has_value()); }
    ~Bench() { engine->detach(loop); }
    Bench(const Bench&) = delete;
    Bench& operator=(const Bench&) = delete;

    void submit(Operation& operation, bool write) {
        if (write) {
            operation.prepare_write(0, std::span(&buffer, 1), false);
        } else {
            operation.prepare_read(0, std::span(&buffer, 1));
        }
        engine->submit(operation);
    }

    IoLoop& loop;
    std::vector<BlockOperation*> begun;
    char byte[512] = {};
    iovec buffer{byte, sizeof(byte)};
    std::unique_ptr<ThrottledEngine> engine =
        *ThrottledEngine::create(std::make_unique<Recorder>(begun));
};

std::shared_ptr<ThrottleGroup> group_of(std::uint64_t requests_a_second) {
    auto group = std::make_shared<ThrottleGroup>("g");
    ThrottleLimits limits;
    limits.of(ThrottleUnit::Requests, ThrottleScope::Total).average = requests_a_second;
    group->configure(limits);
    return group;
}

}  // namespace

TEST_SUITE("devices/block/throttled_engine") {
    TEST_CASE("without a group everything passes at once, and nothing counts as held") {
        IoLoop loop = *IoLoop::create();
        Bench bench(loop);
        std::vector<Operation> operations(100);
        for (Operation& operation : operations) {
            bench.submit(operation, true);
        }
        CHECK(bench.begun.size() == 100);
        CHECK(bench.engine->held_operations() == 0);
        CHECK(bench.engine->name() == "recorder");
    }

    TEST_CASE("a limit is kept, in order, and the time that was waited is counted (B16)") {
        IoLoop loop = *IoLoop::create();
        Bench bench(loop);
        bench.engine->set_group(group_of(100));
        std::vector<Operation> operations(11);
        const auto begin = std::chrono::steady_clock::now();
        for (Operation& operation : operations) {
            bench.submit(operation, false);
        }
        CHECK(bench.begun.size() <= 2);
        while (bench.begun.size() < operations.size()) {
            loop.run_one_turn();
        }
        const auto took = std::chrono::steady_clock::now() - begin;

        CHECK(took >= std::chrono::milliseconds(94));
        for (std::size_t index = 0; index < operations.size(); ++index) {
            CHECK(bench.begun[index] == &operations[index]);
        }
        CHECK(bench.engine->held_operations() == 10);
        CHECK(bench.engine->held_ns() >= 500'000'000 - 10 * ThrottleState::kSlackNs);
    }

    TEST_CASE("flushes and discards do not wait") {
        IoLoop loop = *IoLoop::create();
        Bench bench(loop);
        bench.engine->set_group(group_of(1));
        Operation first;
        Operation second;
        bench.submit(first, true);
        bench.submit(second, true);
        Operation flush;
        flush.prepare_flush();
        bench.engine->submit(flush);
        Operation discard;
        discard.prepare_discard(0, 512);
        bench.engine->submit(discard);

        CHECK(bench.begun == std::vector<BlockOperation*>{&first, &flush, &discard});
        bench.engine->release_held();
        CHECK(bench.begun.back() == &second);
    }

    TEST_CASE("what waits is begun by a release, and the next one pays for it") {
        IoLoop loop = *IoLoop::create();
        Bench bench(loop);
        bench.engine->set_group(group_of(1));
        std::vector<Operation> operations(5);
        for (Operation& operation : operations) {
            bench.submit(operation, true);
        }
        CHECK(bench.begun.size() == 1);
        bench.engine->release_held();
        CHECK(bench.begun.size() == 5);

        Operation next;
        bench.submit(next, true);
        CHECK(bench.begun.size() == 5);
        bench.engine->release_held();
    }

    TEST_CASE("what is handed back was not begun, owes nothing, and is the submitter's again") {
        IoLoop loop = *IoLoop::create();
        Bench bench(loop);
        const auto group = group_of(1);
        bench.engine->set_group(group);
        std::vector<Operation> operations(5);
        for (Operation& operation : operations) {
            operation.prepare_write(1024, std::span(&bench.buffer, 1), false);
            operation.shift(4096);
            bench.engine->submit(operation);
        }

        bench.engine->hand_back_held();

        CHECK(bench.begun.size() == 1);
        for (std::size_t index = 1; index < operations.size(); ++index) {
            CHECK(operations[index].error == BlockEngine::kLost);
            CHECK(operations[index].offset() == 1024);
        }
        // One second pays for the one that was begun.
        bench.submit(operations[1], true);
        const auto start = std::chrono::steady_clock::now();
        while (bench.begun.size() == 1) {
            loop.run_one_turn();
        }
        CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(2));
    }

    TEST_CASE("limits of another group hold for what waited in the former one") {
        IoLoop loop = *IoLoop::create();
        Bench bench(loop);
        bench.engine->set_group(group_of(1));
        std::vector<Operation> operations(4);
        for (Operation& operation : operations) {
            bench.submit(operation, true);
        }
        CHECK(bench.begun.size() == 1);

        bench.engine->set_group(group_of(1));

        CHECK(bench.begun == std::vector<BlockOperation*>{&operations[0], &operations[1]});
        bench.engine->release_held();
        CHECK(bench.begun.size() == 4);
    }

    TEST_CASE("taking the limits away begins what waited; new limits wake those who wait") {
        IoLoop loop = *IoLoop::create();
        Bench bench(loop);
        const auto group = group_of(1);
        bench.engine->set_group(group);
        std::vector<Operation> operations(4);
        for (Operation& operation : operations) {
            bench.submit(operation, false);
        }
        CHECK(bench.begun.size() == 1);
        group->configure(ThrottleLimits{});
        while (bench.begun.size() < 4) {
            loop.run_one_turn();
        }
        CHECK(bench.begun.size() == 4);

        bench.engine->set_group(group_of(1));
        std::vector<Operation> more(3);
        for (Operation& operation : more) {
            bench.submit(operation, false);
        }
        bench.engine->set_group(nullptr);
        CHECK(bench.begun.size() == 7);
    }

    TEST_CASE("members of a group take turns, however much one of them asks for") {
        IoLoop loop = *IoLoop::create();
        Bench greedy(loop);
        Bench modest(loop);
        const auto group = group_of(500);
        greedy.engine->set_group(group);
        modest.engine->set_group(group);
        std::vector<Operation> many(400);
        std::vector<Operation> few(20);
        for (Operation& operation : many) {
            greedy.submit(operation, true);
        }
        for (Operation& operation : few) {
            modest.submit(operation, true);
        }
        while (modest.begun.size() < few.size()) {
            loop.run_one_turn();
        }
        // The slack's few requests came before the modest one asked.
        CHECK(greedy.begun.size() <= few.size() + 6);
        greedy.engine->release_held();
    }

    TEST_CASE("reads and writes of one disk both get on under a limit they share") {
        IoLoop loop = *IoLoop::create();
        Bench bench(loop);
        bench.engine->set_group(group_of(500));
        std::vector<Operation> reads(60);
        std::vector<Operation> writes(60);
        for (Operation& operation : reads) {
            bench.submit(operation, false);
        }
        for (Operation& operation : writes) {
            bench.submit(operation, true);
        }
        while (bench.begun.size() < 60) {
            loop.run_one_turn();
        }
        std::size_t begun_reads = 0;
        for (const BlockOperation* const operation : bench.begun) {
            begun_reads += operation->kind() == BlockOperation::Kind::Read ? 1 : 0;
        }
        CHECK(begun_reads >= 25);
        CHECK(begun_reads <= 37);
        bench.engine->release_held();
    }

    TEST_CASE("a member that goes lets the next one go on") {
        IoLoop loop = *IoLoop::create();
        Bench stays(loop);
        const auto group = group_of(50);
        stays.engine->set_group(group);
        std::vector<Operation> operations(3);
        {
            Bench goes(loop);
            goes.engine->set_group(group);
            goes.submit(operations[0], true);
            goes.submit(operations[1], true);
            stays.submit(operations[2], true);
            CHECK(stays.begun.empty());
            goes.engine->release_held();
        }
        while (stays.begun.empty()) {
            loop.run_one_turn();
        }
        CHECK(stays.begun.front() == &operations[2]);
    }
}

}  // namespace siskin
