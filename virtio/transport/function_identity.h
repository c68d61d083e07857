// SPDX-License-Identifier: Apache-2.0
// How a virtio device shows itself as a PCI function, and what it is called in logs and trees.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/object/device_type.h"
#include "pci/function.h"
#include "virtio/device.h"
#include "virtio/transport/properties.h"

namespace siskin {

// As on other hosts, a virtio function on a root bus is a conventional one; below a port it is a
// PCI Express endpoint.
[[nodiscard]] bool is_express_at(const PciPlace& place);
// The identifier of a PCI function with a legacy interface, by the virtio device's; nothing: the
// device is younger than that (virtio 1.2 §4.1.2).
[[nodiscard]] std::optional<std::uint16_t> transitional_device_id(std::uint16_t device_id);
// Its identifiers in configuration space (virtio 1.2 §4.1.2). Legacy alone, it is no PCI Express
// function anywhere.
[[nodiscard]] PciIdentity identity_of(const VirtioDevice& device, const PciPlace& place,
                                      VirtioInterfaces interfaces);
// What log lines begin with.
[[nodiscard]] std::string subject_of(const PciPlace& place);
// "virtio-blk-device" of "virtio-blk-pci", and of "virtio-blk-pci-transitional".
[[nodiscard]] std::string backend_type_of(const DeviceType& type);

}  // namespace siskin
