// SPDX-License-Identifier: Apache-2.0
// AcpiPciHotplug: the ports by which ACPI's methods learn which PCI devices came and shall go.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bus/io_handler.h"
#include "pci/bus.h"
#include "pci/hotplug.h"
#include "pci/topology.h"

namespace siskin {

// Ports, 4 bytes each, where QEMU's q35 has them; what they say is about the bus selected:
//   0x00 devices that came, one bit a device; reading clears
//   0x04 devices that shall go; reading clears
//   0x08 written: those devices are ejected
//   0x0c which devices can be ejected
//   0x10 the bus, by the numbers that the DSDT has
//   0x14 written: a device's number; reads as that device's acpi-index, 0 for none
// Buses are numbered at a reset; one that comes later is not covered until the next.
// Follows: what QEMU 7.2 documents in docs/specs/acpi_pci_hotplug.txt.
// Thread: any vCPU or the VM loop, under MachineLock.
class AcpiPciHotplug final : public IoHandler, public HotplugNotifier {
public:
    static constexpr std::uint16_t kPort = 0xcc0;
    static constexpr std::uint64_t kPortCount = 0x18;

    // `raise` raises the general-purpose event.
    AcpiPciHotplug(Topology& topology, std::function<void()> raise)
        : topology_(topology), raise_(std::move(raise)) {}

    // Nothing is asked; the buses are numbered anew.
    void reset();
    // The number of the bus, if devices may come and go there.
    [[nodiscard]] std::optional<std::uint32_t> number_of(const PciBus& bus) const;

    [[nodiscard]] std::uint64_t read(IoAccess access) override;
    void write(IoAccess access, std::uint64_t value) override;

    [[nodiscard]] bool covers(const PciBus& bus) const override;
    void on_plugged(PciBus& bus, unsigned device) override;
    void request_eject(PciBus& bus, unsigned device) override;
    void on_removed(PciBus& bus, unsigned device) override;

private:
    // By name, as a bus goes with its bridge.
    struct Bus {
        std::string name;
        std::uint32_t up = 0;
        std::uint32_t down = 0;
    };
    [[nodiscard]] Bus* find(const PciBus& bus);
    [[nodiscard]] Bus* selected();
    [[nodiscard]] std::uint32_t read_register(std::uint64_t offset);
    // What the register reads, which clears it.
    [[nodiscard]] std::uint32_t take(const Bus& entry, std::uint32_t& devices, SlotSign sign);
    [[nodiscard]] std::uint32_t acpi_index(const Bus& entry) const;
    void tell(PciBus& bus, std::uint32_t devices, SlotSign sign);
    void eject(std::uint32_t devices);

    Topology& topology_;
    const std::function<void()> raise_;
    std::vector<Bus> buses_;
    std::uint32_t select_ = 0;
    std::uint32_t index_of_ = 0;  // the device whose acpi-index is read
};

}  // namespace siskin
