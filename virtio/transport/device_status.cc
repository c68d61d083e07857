// SPDX-License-Identifier: Apache-2.0
// DeviceStatus.
#include "virtio/transport/device_status.h"

#include <utility>

#include "virtio/spec.h"

namespace siskin {

namespace spec = virtio_spec;

bool DeviceStatus::take(std::uint8_t wanted, std::uint8_t bit, bool condition) {
    if ((wanted & bit) == 0 || has(bit) || !condition) {
        return false;
    }
    value_ = static_cast<std::uint8_t>(value_ | bit);
    return true;
}

DeviceStatus::Effect DeviceStatus::write(std::uint8_t value, bool features_acceptable) {
    Effect effect;
    if (value == 0) {
        effect.reset = true;
        return effect;
    }
    // §2.1.1: after FAILED there is only reset, and a driver must not clear a bit.
    if (has(spec::kStatusFailed) || (value_ & ~value) != 0) {
        return effect;
    }
    if (take(value, spec::kStatusFailed, true)) {
        return effect;
    }
    // §3.1.1, steps 2, 3, 5 and 8.
    [[maybe_unused]] const bool acknowledged = take(value, spec::kStatusAcknowledge, true);
    [[maybe_unused]] const bool driver =
        take(value, spec::kStatusDriver, has(spec::kStatusAcknowledge));
    effect.features_ok =
        take(value, spec::kStatusFeaturesOk, has(spec::kStatusDriver) && features_acceptable);
    effect.driver_ok = take(value, spec::kStatusDriverOk, has(spec::kStatusFeaturesOk));
    return effect;
}

DeviceStatus::Effect DeviceStatus::write_legacy(std::uint8_t value) {
    constexpr std::uint8_t kLasting = spec::kStatusDriverOk | spec::kStatusFailed;
    constexpr std::uint8_t kKnown = kLasting | spec::kStatusAcknowledge | spec::kStatusDriver;
    Effect effect;
    if (value == 0) {
        effect.reset = true;
        return effect;
    }
    if (has(spec::kStatusFailed)) {
        return effect;
    }
    const auto before =
        std::exchange(value_, static_cast<std::uint8_t>((value & kKnown) | (value_ & kLasting)));
    const bool failed = has(spec::kStatusFailed);
    effect.driver = !failed && has(spec::kStatusDriver) && (before & spec::kStatusDriver) == 0;
    effect.driver_ok =
        !failed && has(spec::kStatusDriverOk) && (before & spec::kStatusDriverOk) == 0;
    return effect;
}

}  // namespace siskin
