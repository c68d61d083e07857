// SPDX-License-Identifier: Apache-2.0
// LegacyRegisters: BAR 0 of a transitional device, as a driver from before virtio 1.0 uses it.
#pragma once

#include <cstdint>

#include "tests/harness/driver_pci.h"
#include "tests/harness/driver_queue.h"
#include "virtio/spec.h"

namespace siskin {

struct LegacyRegisters {
    static constexpr std::uint16_t kPorts = 0x1000;
    static constexpr std::uint16_t kPortsMemoryAndMaster = 0x7;

    // Which outlives it.
    explicit LegacyRegisters(DriverPci& driver) : driver_pci(driver) {}

    std::uint64_t get(std::uint64_t offset, unsigned width) {
        return driver_pci.port_read(static_cast<std::uint16_t>(kPorts + offset), width);
    }
    void set(std::uint64_t offset, unsigned width, std::uint64_t value) {
        driver_pci.port_write(static_cast<std::uint16_t>(kPorts + offset), width, value);
    }
    std::uint64_t legacy_status() { return get(virtio_spec::kLegacyDeviceStatus, 1); }
    void set_legacy_status(std::uint8_t value) { set(virtio_spec::kLegacyDeviceStatus, 1, value); }
    void set_features(std::uint32_t features) {
        set(virtio_spec::kLegacyDriverFeatures, 4, features);
    }
    void legacy_select(std::uint16_t queue) { set(virtio_spec::kLegacyQueueSelect, 2, queue); }
    static std::uint32_t page_of(const DriverQueue& driver) {
        return static_cast<std::uint32_t>(driver.config().descriptor_area.value() / 4096);
    }
    void set_queue(std::uint16_t queue, std::uint32_t page) {
        legacy_select(queue);
        set(virtio_spec::kLegacyQueueAddress, 4, page);
    }
    void legacy_notify(std::uint16_t queue = 0) { set(virtio_spec::kLegacyQueueNotify, 2, queue); }

    DriverPci& driver_pci;
};

}  // namespace siskin
