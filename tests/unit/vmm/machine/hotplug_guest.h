// SPDX-License-Identifier: Apache-2.0
// HotplugGuest: what a guest does with the port rp1 of a HotplugBench, one act at a time.
#pragma once

#include <cstdint>

#include "pci/spec.h"
#include "tests/unit/vmm/machine/hotplug_bench.h"

namespace siskin::test {

class HotplugGuest {
public:
    // Slot Control (PCIe 5.0 §7.5.3.10), with the attention indicator off.
    static constexpr std::uint16_t kOff = 0x07c0;
    static constexpr std::uint16_t kOffBlinking = 0x06c0;
    static constexpr std::uint16_t kOnBlinking = 0x02c0;
    static constexpr std::uint16_t kOn = 0x01c0;
    static constexpr Bdf kPort{0, DevFn::of(0, 0)};
    static constexpr Bdf kDevice{1, DevFn::of(0, 0)};

    explicit HotplugGuest(HotplugBench& bench) : bench_(bench), driver(bench.pci) {}

    void slot(std::uint16_t control) {
        const auto at = driver.find_capability(kPort, pci_spec::kCapabilityExpress);
        SISKIN_ASSERT(at.has_value());
        driver.write(kPort, *at + pci_spec::kExpressSlotControl, 2, control);
    }
    // ACPI's registers, of bus 0, which is rp1's.
    std::uint64_t came() { return acpi(0x00); }
    std::uint64_t shall_go() { return acpi(0x04); }
    void eject() {
        const MutexLock hold(bench_.pci.lock);
        bench_.acpi.write(IoAccess{0x08, 4}, 1);
    }
    bool finds_device() {
        driver.open_bridge(kPort, 1, 1, 0xe0000000, 0xe00fffff);
        return driver.is_present(kDevice);
    }
    void enable() {
        driver.assign_bar(kDevice, 4, kBar);
        driver.set_command(kDevice, pci_spec::kCommandMemory | pci_spec::kCommandBusMaster);
    }
    // virtio 1.2 §3.1.1, with VERSION_1 and no queue.
    void drive() {
        for (const std::uint64_t status : {1U, 3U}) {
            driver.memory_write(kBar + kStatus, 1, status);
        }
        driver.memory_write(kBar + kFeatureSelect, 4, 1);
        driver.memory_write(kBar + kFeature, 4, 1);
        for (const std::uint64_t status : {11U, 15U}) {
            driver.memory_write(kBar + kStatus, 1, status);
        }
    }
    void take_into_use() {
        static_cast<void>(finds_device());
        enable();
        drive();
    }

private:
    static constexpr std::uint64_t kBar = 0xe0000000;
    static constexpr std::uint64_t kFeatureSelect = 0x08;
    static constexpr std::uint64_t kFeature = 0x0c;
    static constexpr std::uint64_t kStatus = 0x14;

    std::uint64_t acpi(std::uint64_t offset) {
        const MutexLock hold(bench_.pci.lock);
        return bench_.acpi.read(IoAccess{offset, 4});
    }

    HotplugBench& bench_;

public:
    DriverPci driver;
};

}  // namespace siskin::test
