// SPDX-License-Identifier: Apache-2.0
// MsiCapability: message-signalled interrupts without a table, as ports and bridges have them.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bus/msi.h"
#include "pci/config_space.h"

namespace siskin {

struct MsiOptions {
    unsigned vectors = 1;  // a power of two, up to 32
    bool is_64_bit = false;
    bool has_masks = false;  // per-vector mask and pending bits
    std::optional<std::uint16_t> offset = std::nullopt;
};

// PCIe 5.0 §7.7.1. A vector that is masked when it is raised becomes pending and goes out once when
// it may. Raised where MSI is off, or without bus mastering, it is lost, as a pin is used then.
// Thread: under MachineLock.
class MsiCapability {
public:
    // `config` and `target` outlive this.
    MsiCapability(ConfigSpace& config, MsiTarget& target, const MsiOptions& options);

    [[nodiscard]] std::uint16_t offset() const { return at_; }
    // As many as the driver may allocate.
    [[nodiscard]] unsigned vector_count() const { return options_.vectors; }
    [[nodiscard]] bool enabled() const;
    // As many as the driver allocated, a power of two; 1 while MSI is off.
    [[nodiscard]] unsigned allocated() const;

    // Sends vector `number` (taken modulo what is allocated).
    void raise(unsigned number);

    // Follows Message Control, the mask bits and the command register; PciFunction calls it.
    void update(bool bus_master);

private:
    [[nodiscard]] std::uint32_t masks() const;
    [[nodiscard]] std::uint32_t pending() const;
    [[nodiscard]] MsiMessage message(unsigned number) const;

    ConfigSpace& config_;
    MsiTarget& target_;
    const MsiOptions options_;
    std::uint16_t at_ = 0;
    bool bus_master_ = false;
};

}  // namespace siskin
