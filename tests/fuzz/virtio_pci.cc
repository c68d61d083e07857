// SPDX-License-Identifier: Apache-2.0
// Fuzzes the registers of a transitional virtio PCI device, of both its interfaces: any access,
// anywhere, in any state.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <utility>

#include "base/loop/io_thread.h"
#include "devices/block/throttle_group.h"
#include "tests/harness/packed_driver_queue.h"
#include "tests/unit/virtio/legacy_bench.h"

namespace siskin {
namespace {

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

std::uint64_t number(const std::uint8_t* data, unsigned size) {
    std::uint64_t value = 0;
    for (unsigned index = 0; index < size; ++index) {
        value |= std::uint64_t{data[index]} << (index * 8);
    }
    return value;
}

// One access to the legacy interface, or a sane legacy driver's next step.
void legacy_step(LegacyBench& bench, const std::uint8_t* data, const DriverQueue& driver) {
    const unsigned width = 1U << (data[0] & 3);
    const std::uint64_t offset = data[1] % 128U;
    const std::uint64_t value = number(data + 3, 5);
    switch (data[0] >> 2 & 3) {
        case 0: (void)bench.get(offset % 24, width); break;
        case 1: bench.set(offset, width, value); break;
        case 2: bench.set_queue(data[1], data[2] == 0 ? 0 : LegacyBench::page_of(driver)); break;
        case 3:
            bench.set_legacy_status(data[1] % 8);
            bench.legacy_notify(data[2] % 4);
            break;
    }
}

// Requests for the registers to be changed under, and a disk that holds them up.
void request_step(LegacyBench& bench, const std::uint8_t* data, DriverQueue& driver) {
    switch (data[0] & 3) {
        case 0: {
            const auto slot = static_cast<std::uint16_t>(data[1] % 5);
            const std::uint32_t type = data[2] % 2 == 0 ? virtio_spec::kBlockRead : data[2];
            driver.put_available(bench.prepare(driver, slot, type, data[3]).head);
            bench.notify();
            break;
        }
        case 1: bench.disk.hold(); break;
        case 2: bench.disk.let_go(data[1]); break;
        case 3: bench.settle(); break;
    }
}

// A read, in a packed ring.
void offer_packed(LegacyBench& bench, const std::uint8_t* data, PackedDriverQueue& driver) {
    const std::uint64_t at = bench.guest.allocate(16 + 512 + 1);
    bench.guest.write(
        at, virtio_spec::BlockRequestHeader{virtio_spec::kBlockRead, 0U, std::uint64_t{data[1]}});
    driver.offer(data[2], {{at, 16, false}, {at + 16, 512, true}, {at + 528, 1, true}});
    bench.notify(data[3] % 2);
}

// What the host does to the disk meanwhile. Waits for requests in flight, where they are waited
// for.
void host_step(LegacyBench& bench, const std::uint8_t* data, PackedDriverQueue& packed,
               IoThread& spare) {
    BlockDevice& block = bench.block();
    switch (data[1] & 7) {
        case 0: block.allow_transfers(false); break;
        case 1: block.allow_transfers(true); break;
        case 2:
            bench.disk.let_go();
            require(block.resize(ByteCount{(1U + data[2]) * 4096}).has_value());
            block.publish_size();
            break;
        case 3: {
            auto group = std::make_shared<ThrottleGroup>("slow");
            ThrottleLimits limits;
            limits.of(ThrottleUnit::Requests, ThrottleScope::Total).average = 1;
            group->configure(limits);
            block.set_throttle_group(std::move(group));
            break;
        }
        case 4: block.set_throttle_group(nullptr); break;
        case 5:
            bench.disk.let_go();
            require(block.move_to(data[2] % 2 == 0 ? *bench.io_thread : spare, bench.machine.lock)
                        .has_value() == bench.more_threads.empty());
            break;
        case 6:
            (void)block.totals();
            (void)(block.held_operations() + block.held_ns());
            bench.disk.hand_back();
            break;
        case 7: offer_packed(bench, data + 1, packed); break;
    }
}

void step(LegacyBench& bench, const std::uint8_t* data, DriverQueue& driver,
          const DriverQueue& legacy, PackedDriverQueue& packed, IoThread& spare) {
    if ((data[0] & 0xc0) == 0x40) {
        request_step(bench, data, driver);
        return;
    }
    if ((data[0] & 0xc0) == 0xc0) {
        host_step(bench, data, packed, spare);
        return;
    }
    if ((data[0] & 0x20) != 0) {
        legacy_step(bench, data, legacy);
        return;
    }

    const unsigned width = 1U << (data[0] & 3);
    const auto offset = static_cast<std::uint32_t>(number(data + 1, 2));
    const std::uint64_t value = number(data + 3, 5);
    switch (data[0] >> 2 & 7) {
        case 0: (void)bench.common(offset % 64, width); break;
        case 1: bench.set_common(offset % 64, width, value); break;
        case 2: (void)bench.common(offset % 0x4000, width); break;
        case 3: bench.set_common(offset % 0x4000, width, value); break;
        case 4: (void)bench.pci.read(VirtioBench::kBdf, offset % 0x1000, width); break;
        case 5: bench.pci.write(VirtioBench::kBdf, offset % 0x1000, width, value); break;
        case 6:
            bench.pci.memory_write(VirtioBench::kMsixBar + offset % 0x1000, width, value);
            break;
        case 7: {
            // A sane driver's next step, or the hot path.
            static constexpr std::uint8_t kStatus[] = {1, 3, 11, 15, 0};
            const auto queue = static_cast<std::uint16_t>(offset % 2);
            switch (value % 8) {
                case 5:
                    bench.select(queue);
                    bench.set_common(virtio_spec::kCommonQueueReset, 2, 1);
                    break;
                case 6: bench.program_queue(queue, driver); break;
                case 7: bench.program_queue(queue, packed); break;
                default: bench.set_status(kStatus[value % 8]);
            }
            bench.relay.run();
            bench.machine.msi.deliver();
            break;
        }
    }
}

// Several queues, each on a thread of its own where there are two.
template <typename Driver>
void start_both(LegacyBench& bench, const Driver& first, const Driver& second,
                FeatureSet features) {
    features.add(virtio_spec::kBlockFeatureFlush);
    features.add(virtio_spec::kBlockFeatureConfigWce);
    features.add(virtio_spec::kFeatureRingReset);
    bench.reach_features_ok(features);
    bench.program_queue(0, first);
    bench.program_queue(1, second);
    bench.set_status(15);
}

BlkPciConfig settings_of(bool packed) {
    BlkPciConfig settings;
    settings.virtio.packed = packed;
    return settings;
}

void run(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t kStepSize = 8;
    const unsigned choice = size == 0 ? 0xff : data[0];
    const std::unique_ptr<IoThread> spare = *IoThread::create("spare");
    LegacyBench bench(settings_of((choice & 3) == 2), false, (choice & 4) != 0 ? 2 : 1);
    DriverQueue driver(bench.guest, 16);
    DriverQueue legacy = DriverQueue::legacy(bench.guest, LegacyBench::kQueueSize);
    PackedDriverQueue packed(bench.guest, 16);
    switch (choice & 3) {
        case 0: start_both(bench, driver, DriverQueue(bench.guest, 16), {}); break;
        case 1: bench.start_legacy(legacy); break;
        case 2:
            start_both(bench, packed, PackedDriverQueue(bench.guest, 16),
                       {virtio_spec::kFeatureRingPacked, virtio_spec::kFeatureRingEventIdx});
            break;
        default: break;
    }
    for (std::size_t at = 1; at + kStepSize <= size; at += kStepSize) {
        step(bench, data + at, driver, legacy, packed, *spare);
    }
    bench.block().allow_transfers(true);
    bench.block().set_throttle_group(nullptr);
    bench.disk.let_go();
    // Whatever happened, a power-on reset brings the device back.
    std::atomic<bool> done{false};
    bench.device->reset([&] { done = true; });
    require(eventually([&] { return done.load(); }));
    bench.map();
    require(eventually([&] { return bench.status() == 0; }));
    DriverQueue fresh(bench.guest, 16);
    bench.start(fresh);
    require(bench.run(fresh, virtio_spec::kBlockRead, 0) == virtio_spec::kBlockStatusOk);
    // And a legacy driver, too.
    bench.set_legacy_status(0);
    require(bench.wait_until_let_go());
    DriverQueue last = DriverQueue::legacy(bench.guest, LegacyBench::kQueueSize);
    bench.start_legacy(last);
    require(bench.legacy_run(last, virtio_spec::kBlockRead, 0) == virtio_spec::kBlockStatusOk);
}

}  // namespace
}  // namespace siskin

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    siskin::run(data, size);
    return 0;
}
