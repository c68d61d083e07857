// SPDX-License-Identifier: Apache-2.0
// How a virtio device shows itself as a PCI function, and what it is called in logs and trees.
#pragma once

#include <string>

#include "base/object/device_type.h"
#include "pci/function.h"
#include "virtio/device.h"

namespace siskin {

// As on other hosts, a virtio function on a root bus is a conventional one; below a port it is a
// PCI Express endpoint.
[[nodiscard]] bool is_express_at(const PciPlace& place);
// Its identifiers in configuration space (virtio 1.2 §4.1.2).
[[nodiscard]] PciIdentity identity_of(const VirtioDevice& device, const PciPlace& place);
// What log lines begin with.
[[nodiscard]] std::string subject_of(const PciPlace& place);
// "virtio-blk-device" of "virtio-blk-pci".
[[nodiscard]] std::string backend_type_of(const DeviceType& type);

}  // namespace siskin
