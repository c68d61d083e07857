// SPDX-License-Identifier: Apache-2.0
// PciBridge: a function with a type 1 header and a secondary bus.
#pragma once

#include <cstdint>
#include <string>

#include "pci/bus.h"
#include "pci/function.h"
#include "pci/topology.h"

namespace siskin {

// A PCI Express port as a bridge: bus numbers, the I/O, memory and 64-bit prefetchable windows and
// bridge control (PCIe 5.0 §7.5.1.3; PCI-to-PCI Bridge 1.2 §3.2.5). I/O addressing is 16 bits. The
// bits of conventional bridges (master abort mode, discard timers) are hard-wired to 0 as PCI
// Express asks. Thread: under MachineLock.
class PciBridge : public PciFunction {
public:
    PciBridge(PciPlace place, const PciIdentity& identity, std::string secondary_name,
              PciBusType secondary_type);
    // The functions behind it are gone by then.
    ~PciBridge() override;

    [[nodiscard]] PciBus& secondary() { return secondary_; }
    [[nodiscard]] const PciBus& secondary() const { return secondary_; }
    [[nodiscard]] std::uint8_t secondary_number() const;
    [[nodiscard]] std::uint8_t subordinate_number() const;
    // Whether configuration requests for that bus go through: it lies in [secondary, subordinate]
    // and the secondary bus is not held in reset.
    [[nodiscard]] bool forwards_bus(std::uint8_t number) const;

    // What is forwarded downstream now: windows whose base is not above their limit, VGA and ISA
    // bits, the command register's enables.
    [[nodiscard]] AddressWindows memory_windows() const;
    [[nodiscard]] AddressWindows io_windows() const;
    [[nodiscard]] bool in_secondary_reset() const;

    // For firmware and describe: the windows as programmed, whatever is enabled. A base above the
    // limit means disabled.
    struct Windows {
        std::uint64_t io_base, io_limit;
        std::uint64_t memory_base, memory_limit;
        std::uint64_t prefetchable_base, prefetchable_limit;

        friend bool operator==(const Windows&, const Windows&) = default;
    };
    [[nodiscard]] Windows windows() const;
    void set_windows(const Windows& windows);
    void set_bus_numbers(std::uint8_t primary, std::uint8_t secondary, std::uint8_t subordinate);

    [[nodiscard]] PciBridge* as_bridge() override { return this; }
    [[nodiscard]] const PciBridge* as_bridge() const override { return this; }

    // A function came or went on the secondary bus.
    virtual void on_presence() {}

protected:
    void apply_bridge() override;

private:
    PciBus secondary_;
    bool was_in_reset_ = false;
    bool was_mastering_ = false;
    AddressWindows memory_now_;
    AddressWindows io_now_;
};

template <typename Visitor>
void for_each_function(const PciBus& bus, Visitor&& visit) {
    for (const auto& [devfn, function] : bus.functions()) {
        visit(*function);
        if (const PciBridge* const bridge = function->as_bridge()) {
            for_each_function(bridge->secondary(), visit);
        }
    }
}

}  // namespace siskin
