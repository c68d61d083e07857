// SPDX-License-Identifier: Apache-2.0
// What fuzzers of a device's requests have around the device: a host and an interrupt that keep
// silent.
#pragma once

#include <cstdlib>
#include <string_view>

#include "virtio/device.h"

namespace siskin {

// Ends the fuzzer, which keeps the input.
inline void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

class SilentHost final : public DeviceHost {
public:
    void needs_reset(std::string_view) override {}
    void guest_error(std::string_view) override {}
};

class SilentInterrupt final : public DriverInterrupt {
public:
    void signal() override {}
};

}  // namespace siskin
