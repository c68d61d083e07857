// SPDX-License-Identifier: Apache-2.0
// Property tables and places of the ISA devices.
#include "devices/platform/isa_devices.h"

#include <algorithm>

#include "base/text.h"
#include "devices/platform/serial_16550.h"

namespace siskin {
namespace {

constexpr InRange kPorts{0, 0xffff};
constexpr InRange kIsaIrqs{0, 15};

constexpr std::array kSerialRows{
    property<&IsaSerialConfig::chardev>("chardev", "ID of a chardev to use as a backend."),
    property<&IsaSerialConfig::index>("index", "Which of COM1 to COM4, counted from 0."),
    property<&IsaSerialConfig::iobase>("iobase", "The first of its 8 ports.", kPorts),
    property<&IsaSerialConfig::irq>("irq", "The ISA interrupt.", kIsaIrqs),
};
constexpr std::array kDebugconRows{
    property<&IsaDebugconConfig::chardev>("chardev", "ID of a chardev to use as a backend."),
    property<&IsaDebugconConfig::iobase>("iobase", "The port.", kPorts),
    property<&IsaDebugconConfig::readback>("readback", "What a read of the port gives.",
                                           InRange{0, 0xff}),
};
constexpr std::array kDebugExitRows{
    property<&IsaDebugExitConfig::iobase>("iobase", "The first port.", kPorts),
    property<&IsaDebugExitConfig::iosize>("iosize", "How many ports.", InRange{1, 0x10000}),
};

constexpr std::array kSerialGroups{group_of_whole(kSerialRows)};
constexpr std::array kDebugconGroups{group_of_whole(kDebugconRows)};
constexpr std::array kDebugExitGroups{group_of_whole(kDebugExitRows)};

// Where a PC has COM1 to COM4.
constexpr std::array<std::uint16_t, IsaSerialPlaces::kCount> kSerialPorts{0x3f8, 0x2f8, 0x3e8,
                                                                          0x2e8};
constexpr std::array<std::uint32_t, IsaSerialPlaces::kCount> kSerialIrqs{4, 3, 4, 3};

}  // namespace

constinit const DeviceType kIsaSerialType{"isa-serial",
                                          "",
                                          "",
                                          DeviceCategory::Input,
                                          "ISA",
                                          kSerialGroups,
                                          make_config<IsaSerialConfig>};
constinit const DeviceType kIsaDebugconType{"isa-debugcon",
                                            "",
                                            "",
                                            DeviceCategory::Misc,
                                            "ISA",
                                            kDebugconGroups,
                                            make_config<IsaDebugconConfig>};
constinit const DeviceType kIsaDebugExitType{"isa-debug-exit",
                                             "",
                                             "",
                                             DeviceCategory::Misc,
                                             "ISA",
                                             kDebugExitGroups,
                                             make_config<IsaDebugExitConfig>};

Result<IsaSerialPlace> IsaSerialPlaces::take(const IsaSerialConfig& config) {
    const auto free = std::find(taken_.begin(), taken_.end(), false);
    const std::uint32_t index =
        config.index.value_or(static_cast<std::uint32_t>(free - taken_.begin()));
    if (index >= kCount) {
        return fail(concat("Max. supported number of ISA serial ports is ", kCount, "."));
    }
    if (taken_.at(index)) {
        return fail(concat("ISA serial port with index ", index, " is there already"));
    }
    IsaSerialPlace place{index, kSerialPorts.at(index), Gsi{kSerialIrqs.at(index)}};
    if (config.iobase) {
        SISKIN_TRY(check_ports(*config.iobase, Serial16550::kPortCount));
        place.port = static_cast<std::uint16_t>(*config.iobase);
    }
    if (config.irq) {
        place.irq = Gsi{*config.irq};
    }
    taken_.at(index) = true;
    return place;
}

Result<> check_ports(std::uint32_t iobase, std::uint32_t count) {
    static constexpr std::uint32_t kPortsEnd = 0x10000;
    if (count > kPortsEnd || iobase > kPortsEnd - count) {
        return fail(concat("iobase is ", hex(iobase), ", ", count,
                           " ports from there pass the last port 0xffff"));
    }
    return {};
}

}  // namespace siskin
