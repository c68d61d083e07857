// SPDX-License-Identifier: Apache-2.0
// The type 1 header and what it lets through.
#include "pci/bridge.h"

#include <utility>

namespace siskin {

using namespace pci_spec;

namespace {

constexpr std::uint64_t kIoGranule = 0x1000;
constexpr std::uint64_t kMemoryGranule = 0x100000;

std::uint64_t io_address(std::uint8_t reg) {
    return std::uint64_t{reg & 0xf0U} << 8;
}

std::uint64_t memory_address(std::uint16_t reg) {
    return std::uint64_t{reg & 0xfff0U} << 16;
}

void add_if_open(AddressWindows& windows, std::uint64_t base, std::uint64_t limit) {
    if (base <= limit) {
        windows.push_back(AddressWindow{base, limit});
    }
}

// PCI-to-PCI Bridge 1.2 §3.2.5.18, ISA Enable: of each 1 KiB only the first 256 ports pass.
AddressWindows without_isa_aliases(std::uint64_t base, std::uint64_t limit) {
    AddressWindows windows;
    for (std::uint64_t block = base; block < limit; block += 0x400) {
        windows.push_back(AddressWindow{block, block + 0xff});
    }
    return windows;
}

// PCI-to-PCI Bridge 1.2 §3.2.5.18, VGA Enable and VGA 16-bit Decode: without the latter the upper
// six bits of a port do not count.
void add_vga_ports(AddressWindows& windows, bool decodes_16_bits) {
    const std::uint64_t end = decodes_16_bits ? 0x400 : 0x10000;
    for (std::uint64_t alias = 0; alias < end; alias += 0x400) {
        add_if_open(windows, alias + kVgaPortsBase, alias + kVgaPortsBase + kVgaPortsSize - 1);
        add_if_open(windows, alias + kVgaMorePortsBase,
                    alias + kVgaMorePortsBase + kVgaMorePortsSize - 1);
    }
}

}  // namespace

PciBridge::PciBridge(PciPlace place, const PciIdentity& identity, std::string secondary_name,
                     PciBusType secondary_type)
    : PciFunction(std::move(place), identity),
      secondary_(std::move(secondary_name), secondary_type, *this) {
    RegisterBlock& registers = config().registers();
    registers.set_writable(kPrimaryBus, 3, 0xffffff);
    registers.set_writable(kIoBase, 2, 0xf0f0);  // 16-bit I/O addressing
    registers.set_write_1_to_clear(kSecondaryStatus, 2, kStatusErrors);
    registers.set_writable(kMemoryBase, 4, 0xfff0fff0);
    registers.set_writable(kPrefetchableBase, 4, 0xfff0fff0);
    registers.set(kPrefetchableBase, 2, kWindow64);
    registers.set(kPrefetchableLimit, 2, kWindow64);
    registers.set_writable(kPrefetchableBaseUpper, 8, ~std::uint64_t{0});
    // PCIe 5.0 §7.5.1.3.13: the bits of conventional bridges are hard-wired to 0.
    const bool conventional = secondary_type == PciBusType::Conventional;
    registers.set_writable(kBridgeControl, 2,
                           kBridgeControlParity | kBridgeControlSerr | kBridgeControlIsa |
                               kBridgeControlVga | kBridgeControlVga16Bit | kBridgeControlReset |
                               (conventional ? kBridgeControlConventional : 0U));
    if (conventional) {
        registers.set_write_1_to_clear(kBridgeControl, 2, kBridgeControlDiscardStatus);
    }
}

PciBridge::~PciBridge() {
    unplug();
}

std::uint8_t PciBridge::secondary_number() const {
    return config().get8(kSecondaryBus);
}

std::uint8_t PciBridge::subordinate_number() const {
    return config().get8(kSubordinateBus);
}

bool PciBridge::forwards_bus(std::uint8_t number) const {
    return !is_cut_off() && secondary_number() <= number && number <= subordinate_number();
}

bool PciBridge::in_secondary_reset() const {
    return (config().get16(kBridgeControl) & kBridgeControlReset) != 0;
}

const PciBridge::Openings& PciBridge::openings() const {
    const bool passes = !is_cut_off();
    const OpeningsKey key{passes && decodes_memory(), passes && decodes_io(),
                          config().get16(kBridgeControl), windows()};
    if (key != openings_.key) {
        openings_ = work_out(key);
    }
    return openings_;
}

PciBridge::Openings PciBridge::work_out(const OpeningsKey& key) {
    Openings open{key, {}, {}};
    const Windows& now = key.windows;
    const bool has_vga = (key.control & kBridgeControlVga) != 0;
    if (key.memory) {
        add_if_open(open.memory, now.memory_base, now.memory_limit);
        add_if_open(open.memory, now.prefetchable_base, now.prefetchable_limit);
        if (has_vga) {
            add_if_open(open.memory, kVgaMemoryBase, kVgaMemoryBase + kVgaMemorySize - 1);
        }
        open.memory = without_overlaps(std::move(open.memory));
    }
    if (key.io) {
        if ((key.control & kBridgeControlIsa) != 0) {
            open.io = without_isa_aliases(now.io_base, now.io_limit);
        } else {
            add_if_open(open.io, now.io_base, now.io_limit);
        }
        if (has_vga) {
            add_vga_ports(open.io, (key.control & kBridgeControlVga16Bit) != 0);
        }
        open.io = without_overlaps(std::move(open.io));
    }
    return open;
}

PciBridge::Windows PciBridge::windows() const {
    const ConfigSpace& from = config();
    const auto upper = [&](std::uint16_t at) { return std::uint64_t{from.get32(at)} << 32; };
    return Windows{
        io_address(from.get8(kIoBase)),
        io_address(from.get8(kIoLimit)) + kIoGranule - 1,
        memory_address(from.get16(kMemoryBase)),
        memory_address(from.get16(kMemoryLimit)) + kMemoryGranule - 1,
        upper(kPrefetchableBaseUpper) | memory_address(from.get16(kPrefetchableBase)),
        (upper(kPrefetchableLimitUpper) | memory_address(from.get16(kPrefetchableLimit))) +
            kMemoryGranule - 1,
    };
}

void PciBridge::set_windows(const Windows& windows) {
    const auto io = [](std::uint64_t address) {
        return static_cast<std::uint8_t>(address >> 8 & 0xf0);
    };
    const auto memory = [](std::uint64_t address) {
        return static_cast<std::uint16_t>(address >> 16 & 0xfff0);
    };
    const auto upper = [](std::uint64_t address) {
        return static_cast<std::uint32_t>(address >> 32);
    };
    config().set8(kIoBase, io(windows.io_base));
    config().set8(kIoLimit, io(windows.io_limit));
    config().set16(kMemoryBase, memory(windows.memory_base));
    config().set16(kMemoryLimit, memory(windows.memory_limit));
    config().set16(kPrefetchableBase, memory(windows.prefetchable_base) | kWindow64);
    config().set16(kPrefetchableLimit, memory(windows.prefetchable_limit) | kWindow64);
    config().set32(kPrefetchableBaseUpper, upper(windows.prefetchable_base));
    config().set32(kPrefetchableLimitUpper, upper(windows.prefetchable_limit));
    apply();
}

void PciBridge::set_bus_numbers(std::uint8_t primary, std::uint8_t secondary,
                                std::uint8_t subordinate) {
    config().set8(kPrimaryBus, primary);
    config().set8(kSecondaryBus, secondary);
    config().set8(kSubordinateBus, subordinate);
    bus().topology().routing_changed();
}

void PciBridge::apply_bridge() {
    const Route route{secondary_number(), subordinate_number(), is_cut_off()};
    if (route != route_) {
        route_ = route;
        bus().topology().routing_changed();
    }
    // PCI-to-PCI Bridge 1.2 §3.2.5.18, Secondary Bus Reset: all that is behind, when it begins.
    // PCIe 5.0 §6.6.1: the same when the link goes down.
    if (route.cut_off && !was_cut_off_) {
        for (const auto& [devfn, function] : secondary_.functions()) {
            function->reset_function(ResetKind::Warm);
        }
    }
    was_cut_off_ = route.cut_off;

    if (may_master() != was_mastering_) {
        was_mastering_ = may_master();
        for (const auto& [devfn, function] : secondary_.functions()) {
            function->apply();
        }
    }

    const Openings& now = openings();
    if (now.memory != memory_told_ || now.io != io_told_) {
        memory_told_ = now.memory;
        io_told_ = now.io;
        bus().topology().changed();
    }
}

// PCIe 5.0 §6.6.1: a hot reset goes down the whole tree. At power-on the host resets everybody.
void PciBridge::reset_bridge(ResetKind kind) {
    if (kind != ResetKind::Warm) {
        return;
    }
    for (const auto& [devfn, function] : secondary_.functions()) {
        function->reset_function(kind);
    }
}

bool PciBridge::receive_error(ErrorMessage message, Bdf /*source*/) {
    const bool correctable = message == ErrorMessage::Correctable;
    if (!correctable) {
        config().update16(kSecondaryStatus, kStatusSystemError, kStatusSystemError);
    }
    if ((config().get16(kBridgeControl) & kBridgeControlSerr) == 0) {
        return false;
    }
    if (correctable) {
        return true;
    }
    if ((config().get16(kCommand) & kCommandSerr) != 0) {
        config().update16(kStatus, kStatusSystemError, kStatusSystemError);
        return true;
    }
    const unsigned enable =
        message == ErrorMessage::Fatal ? kExpressReportFatal : kExpressReportNonFatal;
    return express_offset() &&
           (config().get16(*express_offset() + kExpressDeviceControl) & enable) != 0;
}

void send_error(PciFunction& function, const AerError& error) {
    if (!function.express_offset()) {
        return;
    }
    const ErrorMessage message =
        function.aer() != nullptr
            ? function.aer()->record(error, *function.express_offset())
            : record_baseline_error(function.config(), error, *function.express_offset());
    if (message == ErrorMessage::None) {
        return;
    }
    const Bdf source = function.bdf();
    // A root port reports its own errors itself.
    PciBridge* at = function.express_type() == ExpressType::RootPort ? function.as_bridge()
                                                                     : function.bus().parent();
    while (at != nullptr && at->receive_error(message, source)) {
        at = at->bus().parent();
    }
}

}  // namespace siskin
