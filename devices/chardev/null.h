// SPDX-License-Identifier: Apache-2.0
// Character back end "null": swallows output, gives no input.
#pragma once

#include <span>
#include <string>

#include "devices/chardev/chardev.h"

namespace siskin {

// Thread: whoever holds MachineLock.
class NullChardev final : public Chardev {
public:
    using Chardev::Chardev;
    [[nodiscard]] std::string filename() const override { return "null"; }
    void write(std::span<const std::uint8_t>) override {}
};

}  // namespace siskin
