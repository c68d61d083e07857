// SPDX-License-Identifier: Apache-2.0
// ConfigGeneration: tells a driver that the configuration changed between two of its reads.
#pragma once

#include <cstdint>

namespace siskin {

// virtio 1.2 §4.1.4.3.1: another value once the driver read something that has changed since. The
// register has 8 bits, so changes that no read came between count once: else 256 of them would look
// like none. Thread: the owner's.
class ConfigGeneration {
public:
    [[nodiscard]] std::uint8_t value() const { return value_; }
    // The driver reads a field.
    void on_read() { was_read_ = true; }
    // A field has another value from here on, and not by the driver's own write.
    void on_change() {
        value_ = static_cast<std::uint8_t>(value_ + (was_read_ ? 1 : 0));
        was_read_ = false;
    }

private:
    std::uint8_t value_ = 0;
    bool was_read_ = true;
};

}  // namespace siskin
