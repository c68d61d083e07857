// SPDX-License-Identifier: Apache-2.0
// Identifiers and names of virtio functions.
#include "virtio/transport/function_identity.h"

#include <array>
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

std::optional<std::uint16_t> transitional_device_id(std::uint16_t device_id) {
    struct Known {
        std::uint16_t device_id;
        std::uint16_t pci_device_id;
    };
    static constexpr std::array kKnown{
        Known{spec::kDeviceIdNetwork, 0x1000}, Known{spec::kDeviceIdBlock, 0x1001},
        Known{spec::kDeviceIdConsole, 0x1003}, Known{spec::kDeviceIdScsi, 0x1004},
        Known{spec::kDeviceIdEntropy, 0x1005},
    };
    for (const Known& known : kKnown) {
        if (known.device_id == device_id) {
            return known.pci_device_id;
        }
    }
    return std::nullopt;
}

PciIdentity identity_of(const VirtioDevice& device, const PciPlace& place,
                        VirtioInterfaces interfaces) {
    PciIdentity identity;
    identity.vendor_id = spec::kPciVendorId;
    identity.device_id = static_cast<std::uint16_t>(spec::kPciDeviceIdBase + device.device_id());
    identity.subsystem_vendor_id = spec::kPciVendorId;
    identity.subsystem_id = kSubsystemId;
    identity.revision = spec::kPciRevision;
    identity.class_code = device.class_code();
    identity.interrupt_pin = 1;
    identity.extended_config = is_express_at(place) && interfaces != VirtioInterfaces::Legacy;
    if (interfaces != VirtioInterfaces::Modern) {
        // §4.1.2.3; create() has asked whether there is one.
        identity.device_id = transitional_device_id(device.device_id()).value_or(0);
        identity.subsystem_id = device.device_id();
        identity.revision = spec::kPciTransitionalRevision;
    }
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
