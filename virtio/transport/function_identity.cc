// SPDX-License-Identifier: Apache-2.0
// Identifiers and names of virtio functions.
#include "virtio/transport/function_identity.h"

#include <cstdint>
#include <string_view>

#include "base/text.h"
#include "pci/bus.h"
#include "virtio/spec.h"

namespace siskin {
namespace {

namespace spec = virtio_spec;

// What other hosts show in the subsystem identifier of modern virtio functions.
constexpr std::uint16_t kSubsystemId = 0x1100;

}  // namespace

bool is_express_at(const PciPlace& place) {
    return place.bus->is_express() && !place.bus->is_root();
}

PciIdentity identity_of(const VirtioDevice& device, const PciPlace& place) {
    PciIdentity identity;
    identity.vendor_id = spec::kPciVendorId;
    identity.device_id = static_cast<std::uint16_t>(spec::kPciDeviceIdBase + device.device_id());
    identity.subsystem_vendor_id = spec::kPciVendorId;
    identity.subsystem_id = kSubsystemId;
    identity.revision = spec::kPciRevision;
    identity.class_code = device.class_code();
    identity.interrupt_pin = 1;
    identity.extended_config = is_express_at(place);
    return identity;
}

std::string subject_of(const PciPlace& place) {
    return place.id.empty() ? place.type_name : concat(place.type_name, " '", place.id, "'");
}

std::string backend_type_of(const DeviceType& type) {
    // What follows tells which interface the function has.
    const std::string_view name = type.name.substr(0, type.name.find("-pci"));
    // QEMU's names: "virtio-blk-device", "vhost-user-blk".
    return name.starts_with("vhost-user-") ? std::string(name) : concat(name, "-device");
}

}  // namespace siskin
