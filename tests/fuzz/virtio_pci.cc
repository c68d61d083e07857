// SPDX-License-Identifier: Apache-2.0
// Fuzzes the registers of a transitional virtio PCI device, of both its interfaces: any access,
// anywhere, in any state.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

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

void step(LegacyBench& bench, const std::uint8_t* data, DriverQueue& driver,
          const DriverQueue& legacy) {
    if ((data[0] & 0xc0) == 0x40) {
        request_step(bench, data, driver);
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
            bench.set_status(kStatus[value % 5]);
            bench.relay.run();
            bench.machine.msi.deliver();
            break;
        }
    }
}

void run(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t kStepSize = 8;
    LegacyBench bench;
    DriverQueue driver(bench.guest, 16);
    DriverQueue legacy = DriverQueue::legacy(bench.guest, LegacyBench::kQueueSize);
    if (size != 0 && data[0] % 4 == 0) {
        bench.start(driver);
    } else if (size != 0 && data[0] % 4 == 1) {
        bench.start_legacy(legacy);
    }
    for (std::size_t at = 1; at + kStepSize <= size; at += kStepSize) {
        step(bench, data + at, driver, legacy);
    }
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
