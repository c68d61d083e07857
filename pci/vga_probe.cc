// SPDX-License-Identifier: Apache-2.0
// siskin-vga-test.
#include "pci/vga_probe.h"

#include <utility>

namespace siskin {
namespace {

constexpr std::array kVgaProbeProperties{
    property<&VgaProbeConfig::mark>("mark", "What its ports read until they are written."),
};
constexpr std::array kVgaProbeGroups{
    group<&VgaProbeConfig::pci>(kPciProperties),
    group_of_whole(kVgaProbeProperties),
};

constexpr PciIdentity kIdentity{.vendor_id = 0x1b36,
                                .device_id = 0x00ff,
                                .subsystem_vendor_id = 0x1af4,
                                .subsystem_id = 0x1100,
                                .class_code = 0x030000};

}  // namespace

const DeviceType kVgaProbeType{
    "siskin-vga-test",          "",    "Owner of the legacy VGA ranges, for tests",
    DeviceCategory::Misc,       "PCI", kVgaProbeGroups,
    make_config<VgaProbeConfig>};

Result<std::unique_ptr<VgaProbe>> VgaProbe::create(PciPlace place, std::shared_ptr<void> config) {
    std::unique_ptr<VgaProbe> device(new VgaProbe(place, std::move(config)));
    device->plug();
    return device;
}

VgaProbe::VgaProbe(const PciPlace& place, std::shared_ptr<void> config)
    : Device(kVgaProbeType, place.id, config),
      PciFunction(place, kIdentity),
      mark_(static_cast<const VgaProbeConfig*>(config.get())->mark) {
    ports_.fill(mark_);
    more_ports_.fill(mark_);
    add_vga(VgaHandlers{&memory_, &ports_, &more_ports_});
}

VgaProbe::~VgaProbe() {
    unplug();
}

void VgaProbe::reset(std::function<void()> done) {
    reset_function();
    done();
}

void VgaProbe::on_reset() {
    memory_.fill(0);
    ports_.fill(mark_);
    more_ports_.fill(mark_);
}

std::uint64_t VgaProbe::Bytes::read(IoAccess access) {
    std::uint64_t value = 0;
    for (unsigned index = 0; index < access.width; ++index) {
        value |= std::uint64_t{bytes_.at(access.offset + index)} << (index * 8);
    }
    return value;
}

void VgaProbe::Bytes::write(IoAccess access, std::uint64_t value) {
    for (unsigned index = 0; index < access.width; ++index) {
        bytes_.at(access.offset + index) = static_cast<std::uint8_t>(value >> (index * 8));
    }
}

}  // namespace siskin
