// SPDX-License-Identifier: Apache-2.0
// Proves virtio/queue/queue_set where the host fails it at DRIVER_OK: at each step in turn.
#include "virtio/queue/queue_set.h"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tests/harness/driver_queue.h"
#include "tests/harness/test_guest.h"
#include "tests/unit/virtio/memory_disk.h"
#include "tests/unit/virtio/virtio_bench.h"
#include "virtio/block/block_io.h"
#include "virtio/block/spec.h"

namespace siskin {

namespace spec = virtio_spec;

namespace {

constexpr std::size_t kQueues = 3;
// The loop watches what tells of idleness, the back end, then each queue's kick.
constexpr std::size_t kSteps = 2 + kQueues;
constexpr std::size_t kBackEndStep = 1;

class Host final : public DeviceHost {
public:
    void needs_reset(std::string_view reason) override { reasons.emplace_back(reason); }
    void guest_error(std::string_view) override {}

    std::vector<std::string> reasons;
};

class Silent final : public DriverInterrupt {
public:
    void signal() override { ++count; }

    unsigned count = 0;
};

class Deaf final : public IoSource {
public:
    void on_ready() override {}
};

struct Bench {
    Bench() {
        for (std::size_t index = 0; index < kQueues; ++index) {
            kicks.push_back(*EventFd::create());
            drivers.push_back(std::make_unique<DriverQueue>(guest, std::uint16_t{8}));
        }
        EventFd idle = *EventFd::create();
        idle_descriptor = idle.get();
        io = std::make_unique<BlockIo>(*disk.create_engine(32), std::move(idle), shared,
                                       std::span(counters), nullptr);
    }
    ActiveQueues queues() {
        ActiveQueues all;
        for (std::size_t index = 0; index < kQueues; ++index) {
            all.queues.push_back(ActiveQueue{QueueIndex{static_cast<std::uint16_t>(index)},
                                             drivers[index]->virtqueue(), kicks[index], interrupt});
        }
        return all;
    }
    // A descriptor that the loop watches already is one that it cannot watch (EEXIST).
    void occupy(std::size_t step) {
        if (step == kBackEndStep) {
            disk.refuse_attach = true;
        } else {
            occupied = step == 0 ? idle_descriptor : kicks[step - 2].get();
            REQUIRE(loop.add(*occupied, deaf).has_value());
        }
    }
    void free() {
        disk.refuse_attach = false;
        if (occupied) {
            loop.remove(*occupied, deaf);
        }
    }
    void offer_flush(std::size_t index) {
        const std::uint64_t header = guest.allocate(16);
        guest.write(header, spec::BlockRequestHeader{spec::kBlockFlush, 0U, 0U});
        DriverQueue& driver = *drivers[index];
        driver.put_available(
            driver.put_chain(0, {{header, 16, false}, {guest.allocate(1), 1, true}}));
    }
    void turn(unsigned times) {
        for (unsigned count = 0; count < times; ++count) {
            for (const EventFd& kick : kicks) {
                kick.signal();
            }
            loop.run_one_turn();
        }
    }
    unsigned used() const {
        unsigned count = 0;
        for (const auto& driver : drivers) {
            count += driver->used_index();
        }
        return count;
    }

    TestGuest guest;
    MemoryDisk disk{64 * kKiB};
    BlockShared shared;
    std::vector<BlockCounters> counters = std::vector<BlockCounters>(kQueues);
    IoLoop loop = *IoLoop::create();
    std::vector<EventFd> kicks;
    std::vector<std::unique_ptr<DriverQueue>> drivers;
    Silent interrupt;
    Host host;
    Deaf deaf;
    int idle_descriptor = -1;
    std::optional<int> occupied;
    std::unique_ptr<BlockIo> io;
};

}  // namespace

TEST_SUITE("virtio/queue/queue_set: activation") {
    TEST_CASE("a failure at any step asks for a reset, serves nothing and leaves nothing (T10)") {
        for (std::size_t step = 0; step < kSteps; ++step) {
            CAPTURE(step);
            Bench bench;
            bench.occupy(step);

            bench.io->activate(bench.loop, bench.queues(), bench.host);

            CHECK(bench.host.reasons.size() == 1);
            // Nothing but what is in the way is watched: each can be watched again.
            for (std::size_t queue = 0; queue < kQueues; ++queue) {
                const int kick = bench.kicks[queue].get();
                if (kick != bench.occupied) {
                    Deaf other;
                    CHECK(bench.loop.add(kick, other).has_value());
                    bench.loop.remove(kick, other);
                }
                bench.offer_flush(queue);
            }
            bench.io->pause([] {});
            bench.io->resume();
            CHECK(bench.used() == 0);
            bool gone = false;
            bench.io->deactivate(bench.loop, [&] { gone = true; });
            CHECK(gone);

            // The reset that was asked for brings it back.
            bench.free();
            bench.io->activate(bench.loop, bench.queues(), bench.host);
            bench.turn(4);
            CHECK(bench.used() == kQueues);
            CHECK(bench.host.reasons.size() == 1);
            bench.io->deactivate(bench.loop, [] {});
        }
    }
}

}  // namespace siskin
