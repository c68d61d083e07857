// SPDX-License-Identifier: Apache-2.0
// LegacyBench: a transitional disk, driven through BAR 0 as a driver from before virtio 1.0 does.
#pragma once

#include <cstdint>

#include "base/bus/access_hold.h"
#include "tests/unit/virtio/legacy_registers.h"
#include "tests/unit/virtio/virtio_bench.h"
#include "virtio/spec.h"

namespace siskin {

// The modern interface is VirtioBench's. The test's thread is held as a vCPU's is, by accesses that
// take time.
struct LegacyBench : VirtioBench, LegacyRegisters {
    static constexpr std::uint16_t kQueueSize = 256;

    explicit LegacyBench(const BlkPciConfig& settings = {}, bool read_only = false,
                         std::size_t threads = 1)
        : VirtioBench(transitional(settings), read_only, false, threads),
          LegacyRegisters(VirtioBench::pci) {
        hold.attach();
        map();
    }
    static BlkPciConfig transitional(BlkPciConfig settings) {
        if (settings.virtio.disable_legacy == OnOffAuto::Auto) {
            settings.virtio.disable_legacy = OnOffAuto::Off;
        }
        return settings;
    }
    // As firmware does.
    void map() {
        pci.write(kPort, pci_spec::kIoBase, 2, 0x1010);
        pci.assign_bar(kBdf, 0, kPorts);
        pci.assign_bar(kBdf, 1, kMsixBar);
        pci.assign_bar(kBdf, 4, kBar);
        pci.set_command(kBdf, kPortsMemoryAndMaster);
    }

    // Up to where DRIVER_OK comes.
    void prepare_legacy(const DriverQueue& driver,
                        std::uint32_t features = 1U << virtio_spec::kBlockFeatureFlush) {
        set_legacy_status(0);
        set_legacy_status(1);
        set_legacy_status(3);
        set_features(features);
        set_queue(0, page_of(driver));
    }
    void start_legacy(const DriverQueue& driver,
                      std::uint32_t features = 1U << virtio_spec::kBlockFeatureFlush) {
        prepare_legacy(driver, features);
        set_legacy_status(7);
    }
    // Offers, notifies and waits; 0xff when nothing comes.
    std::uint8_t legacy_run(DriverQueue& driver, std::uint32_t type, std::uint64_t sector,
                            std::uint16_t queue = 0) {
        const Request request =
            prepare(driver, 0, type, sector, type == virtio_spec::kBlockFlush ? 0 : 512);
        driver.put_available(request.head);
        legacy_notify(queue);
        return eventually([&] { return driver.take_used().has_value(); }) ? status_of(request)
                                                                          : std::uint8_t{0xff};
    }
    // As the vCPU does before its guest goes on.
    bool wait_until_let_go() {
        return eventually([&] { return !hold.is_held(); });
    }

    AccessHold hold;
};

}  // namespace siskin
