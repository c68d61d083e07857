// SPDX-License-Identifier: Apache-2.0
// ConfigSpace: the configuration registers of one function, with its lists of capabilities.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/registers.h"
#include "pci/spec.h"

namespace siskin {

// PCIe 5.0 §6.6: power-on clears everything; a hot reset (from the port above) or a function level
// reset leaves sticky registers.
enum class ResetKind { PowerOn, Warm };

enum class HeaderType : std::uint8_t { Endpoint = 0, Bridge = 1 };

// The common header is prepared (command, status, cache line, interrupt line); the rest is its
// owner's. Thread: under MachineLock.
class ConfigSpace {
public:
    // `size` is pci_spec::kConventionalSize or kExpressSize.
    ConfigSpace(HeaderType header_type, std::size_t size);

    // The guest's view: any width 1..8 at any offset; ones past the end, writes there dropped.
    [[nodiscard]] std::uint64_t read(std::size_t offset, unsigned width_bytes) const {
        return registers_.read(offset, width_bytes);
    }
    void write(std::size_t offset, unsigned width_bytes, std::uint64_t value) {
        registers_.write(offset, width_bytes, value);
    }

    // Ours: no mask applies, offsets lie inside.
    [[nodiscard]] std::uint8_t get8(std::size_t offset) const {
        return static_cast<std::uint8_t>(registers_.get(offset, 1));
    }
    [[nodiscard]] std::uint16_t get16(std::size_t offset) const {
        return static_cast<std::uint16_t>(registers_.get(offset, 2));
    }
    [[nodiscard]] std::uint32_t get32(std::size_t offset) const {
        return static_cast<std::uint32_t>(registers_.get(offset, 4));
    }
    void set8(std::size_t offset, std::uint8_t value) { registers_.set(offset, 1, value); }
    void set16(std::size_t offset, std::uint16_t value) { registers_.set(offset, 2, value); }
    void set32(std::size_t offset, std::uint32_t value) { registers_.set(offset, 4, value); }
    // The bits of `mask` become those of `value`.
    void update16(std::size_t offset, std::uint16_t mask, std::uint16_t value);

    // The masks, for registers a device adds.
    [[nodiscard]] RegisterBlock& registers() { return registers_; }
    [[nodiscard]] const RegisterBlock& registers() const { return registers_; }
    [[nodiscard]] std::size_t size() const { return registers_.size(); }

    // Reserves `size` bytes (a multiple of 4 is taken) for a capability and makes it the head of
    // the list. At `offset` when given (a multiple of 4, from 0x40), else behind the last one. That
    // it fits is our own business (asserted). Returns its offset.
    std::uint16_t add_capability(std::uint8_t id, std::size_t size,
                                 std::optional<std::uint16_t> offset = std::nullopt);
    // The same in extended configuration space (PCIe 5.0 §7.6.3); the space is kExpressSize large.
    std::uint16_t add_extended_capability(std::uint16_t id, std::uint8_t version, std::size_t size);
    // The first capability of that id.
    [[nodiscard]] std::optional<std::uint16_t> find_capability(std::uint8_t id) const;
    [[nodiscard]] std::optional<std::uint16_t> find_extended_capability(std::uint16_t id) const;

    // The state at power-on is what is there now; reset() comes back to it.
    void remember_power_on();
    // These registers keep their values in every other reset (PCIe 5.0 §7.4, "sticky").
    void make_sticky(std::size_t offset, std::size_t size);
    void reset(ResetKind kind);

private:
    struct Range {
        std::size_t offset;
        std::size_t size;
    };

    RegisterBlock registers_;
    std::vector<std::uint8_t> power_on_;
    std::vector<Range> sticky_;
    std::size_t capabilities_end_ = pci_spec::kFirstFreeOffset;
    std::size_t extended_end_ = pci_spec::kConventionalSize;
    std::uint16_t last_extended_ = 0;
};

}  // namespace siskin
