// SPDX-License-Identifier: Apache-2.0
// DeviceStatus: the status field's automaton; of a modern driver it accepts only the order that the
// specification gives.
#pragma once

#include <cstdint>

namespace siskin {

// Bits are set in the order of virtio 1.2 §3.1.1 and cleared by a reset alone; whatever else a
// driver writes is ignored. Thread: its owner's.
class DeviceStatus {
public:
    // What a write brought about.
    struct Effect {
        bool reset = false;        // 0 was written; the owner calls clear() when it is done
        bool driver = false;       // legacy: DRIVER was set now
        bool features_ok = false;  // FEATURES_OK was set now
        bool driver_ok = false;    // DRIVER_OK was set now
    };
    // `features_acceptable`: whether FEATURES_OK may be set (§2.2.2).
    Effect write(std::uint8_t value, bool features_acceptable);
    // By the legacy interface (§3.1.2): no FEATURES_OK, and no order, as old drivers had none of
    // their own; DRIVER_OK and FAILED last until a reset, the rest is as it was written.
    Effect write_legacy(std::uint8_t value);
    void clear() { value_ = 0; }

    // Without DEVICE_NEEDS_RESET, which is not the driver's.
    [[nodiscard]] std::uint8_t value() const { return value_; }
    [[nodiscard]] bool has(std::uint8_t bit) const { return (value_ & bit) != 0; }

private:
    // Sets `bit` if it is among `wanted`, not set yet, and its condition holds.
    [[nodiscard]] bool take(std::uint8_t wanted, std::uint8_t bit, bool condition);

    std::uint8_t value_ = 0;
};

}  // namespace siskin
