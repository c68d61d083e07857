// SPDX-License-Identifier: Apache-2.0
// Proves virtio/block/block_device at DRIVER_OK on a host that fails a call: each one in turn, on
// the way from the register to the queues of one thread and of several, with each engine.
#include "virtio/block/block_device.h"

#include <doctest/doctest.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "devices/block/raw_file.h"
#include "tests/harness/temporary_directory.h"
#include "tests/harness/watch_faults.h"
#include "tests/unit/virtio/virtio_bench.h"

namespace siskin::test {

namespace spec = virtio_spec;

namespace {

constexpr std::uint16_t kQueues = 4;
constexpr MsiMessage kConfigMessage{0xfee00000, 0x50};

struct Setup {
    std::size_t threads;
    BlockAio aio;
};

BlkPciConfig four_queues() {
    BlkPciConfig settings;
    settings.blk.num_queues = kQueues;
    return settings;
}

std::unique_ptr<BlockNode> open_disk(const TemporaryDirectory& directory, BlockAio aio) {
    RawFileOptions options;
    options.node_name = "disk0";
    options.path = directory.write_file("disk", std::string(VirtioBench::kDiskSize, 'd'));
    options.aio = aio;
    return *RawFile::open(options);
}

struct Bench {
    explicit Bench(const Setup& setup)
        : node(open_disk(directory, setup.aio)),
          base(four_queues(), false, false, setup.threads, node.get()) {
        base.pci.set_msix_entry(VirtioBench::kBdf, 0, kConfigMessage, false);
        base.pci.set_msix_control(VirtioBench::kBdf, 0x8000);
        base.set_common(spec::kCommonConfigMsixVector, 2, 0);
    }
    // Up to DRIVER_OK.
    void prepare() {
        drivers.clear();
        base.reach_features_ok({spec::kBlockFeatureFlush});
        for (std::uint16_t queue = 0; queue < kQueues; ++queue) {
            drivers.push_back(std::make_unique<DriverQueue>(base.guest, std::uint16_t{8}));
            base.program_queue(queue, *drivers.back());
        }
    }
    void offer_everywhere() {
        for (std::uint16_t queue = 0; queue < kQueues; ++queue) {
            const auto read = base.prepare(*drivers[queue], 0, spec::kBlockRead, queue);
            drivers[queue]->put_available(read.head);
            base.notify(queue);
        }
    }
    unsigned used() const {
        unsigned count = 0;
        for (const auto& driver : drivers) {
            count += driver->used_index();
        }
        return count;
    }
    bool needs_reset() { return (base.status() & spec::kStatusNeedsReset) != 0; }
    // What one thread asked of another has been done, too.
    void settle() {
        base.settle();
        base.settle();
    }

    TemporaryDirectory directory;
    std::unique_ptr<BlockNode> node;
    VirtioBench base;
    std::vector<std::unique_ptr<DriverQueue>> drivers;
};

}  // namespace

TEST_SUITE("virtio/block/block_device: activation") {
    TEST_CASE(
        "a call that fails at DRIVER_OK asks for a reset, serves nothing, leaves nothing (T10)") {
        for (const Setup setup : {Setup{1, BlockAio::Threads}, Setup{1, BlockAio::Uring},
                                  Setup{3, BlockAio::Threads}, Setup{3, BlockAio::Uring}}) {
            CAPTURE(setup.threads);
            bool failed = true;
            unsigned number = 0;
            for (; failed; ++number) {
                CAPTURE(number);
                Bench bench(setup);
                bench.prepare();
                const auto begun = std::chrono::steady_clock::now();
                {
                    const WatchFaults fault(number, number % 2 == 0 ? ENOMEM : ENOSPC);
                    bench.base.set_status(15);
                    CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(1));
                    bench.settle();
                    failed = fault.has_failed();
                }
                CHECK(bench.needs_reset() == failed);
                bench.base.machine.msi.deliver();
                CHECK(bench.base.machine.msi.messages ==
                      std::vector<MsiMessage>(failed ? 1 : 0, kConfigMessage));
                bench.offer_everywhere();
                bench.settle();
                CHECK((!failed || bench.used() == 0));

                // The reset that was asked for brings it back.
                REQUIRE(bench.base.reset_and_wait());
                bench.prepare();
                bench.base.set_status(15);
                bench.offer_everywhere();
                CHECK(eventually([&] { return bench.used() == kQueues; }));
                CHECK_FALSE(bench.needs_reset());
            }
            // Each queue, and of each thread what tells of idleness and of the engine.
            CHECK(number > kQueues + 2 * setup.threads);
        }
    }

    TEST_CASE("a device that could not start goes without a reset (T10)") {
        for (unsigned number = 0; number < kQueues; ++number) {
            CAPTURE(number);
            Bench bench({3, BlockAio::Threads});
            bench.prepare();
            const WatchFaults fault(number, ENOMEM);
            bench.base.set_status(15);
            bench.settle();
            REQUIRE(bench.needs_reset());

            bench.base.device.reset();

            CHECK(bench.base.create(four_queues()).has_value());
        }
    }
}

}  // namespace siskin::test
