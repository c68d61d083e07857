// SPDX-License-Identifier: Apache-2.0
// vhost-user-blk-pci: the device type, its properties, and how one is made.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/bus/machine_lock.h"
#include "base/loop/io_thread.h"
#include "base/object/device_type.h"
#include "base/object/or_unset.h"
#include "base/object/property.h"
#include "base/result.h"
#include "pci/properties.h"
#include "virtio/transport/properties.h"
#include "virtio/transport/virtio_pci.h"
#include "virtio/vhost_user/back_end.h"
#include "virtio/vhost_user/link.h"

namespace siskin {

struct VhostUserBlkProperties {
    std::string chardev;
    OrUnset<std::uint16_t, 0xffff> num_queues;
    std::uint16_t queue_size = 128;
    bool config_wce = true;
    bool discard = true;
    bool write_zeroes = true;
    OrUnset<std::uint32_t, -1> bootindex;
    std::uint32_t pci_class = 0;
};

inline constexpr std::array kVhostUserBlkProperties{
    property<&VhostUserBlkProperties::chardev>(
        "chardev", "The socket at whose other end the back end is; required."),
    property<&VhostUserBlkProperties::num_queues>(
        "num-queues",
        "Request virtqueues; one a CPU, as far as the back end goes, when not set (65535).",
        InRange{1, VhostUserLink::kQueuesMax}),
    property<&VhostUserBlkProperties::queue_size>(
        "queue-size", "Entries of each queue, a power of two.", InRange{4, 512}),
    property<&VhostUserBlkProperties::config_wce>(
        "config-wce", "Let the driver switch the write cache, where the back end does."),
    property<&VhostUserBlkProperties::discard>(
        "discard", "Offer VIRTIO_BLK_F_DISCARD, where the back end does."),
    property<&VhostUserBlkProperties::write_zeroes>(
        "write-zeroes", "Offer VIRTIO_BLK_F_WRITE_ZEROES, where the back end does."),
    property<&VhostUserBlkProperties::bootindex>("bootindex",
                                                 "Place in the firmware's boot order."),
    property<&VhostUserBlkProperties::pci_class>("class", "PCI class code; 0: mass storage.",
                                                 InRange{0, 0xffff}),
};

struct VhostUserBlkPciConfig {
    PciProperties pci;
    VirtioPciProperties virtio;
    VhostUserBlkProperties blk;
};

inline constexpr std::array kVhostUserBlkPciGroups{
    group<&VhostUserBlkPciConfig::pci>(kPciProperties),
    group<&VhostUserBlkPciConfig::virtio>(kVirtioPciProperties),
    group<&VhostUserBlkPciConfig::virtio>(kVirtioInterfaceProperties),
    group<&VhostUserBlkPciConfig::blk>(kVhostUserBlkProperties),
};

extern const DeviceType kVhostUserBlkPciType;

// Error: a property's value is not supported, or a name is missing.
[[nodiscard]] Result<> check_vhost_user_blk(const VhostUserBlkPciConfig& settings);

// How the properties want their back end to be spoken to.
[[nodiscard]] VhostUserLinkOptions link_options_of(const VhostUserBlkPciConfig& settings,
                                                   std::shared_ptr<const GuestMemory> memory,
                                                   std::uint16_t vcpu_count);

// Plugs a vhost-user-blk-pci in at `place`; `config` is a VhostUserBlkPciConfig, and the back end
// is known. Errors: its disk does not fit the properties; no descriptor left in the host.
// Thread: VM loop, under MachineLock.
[[nodiscard]] Result<std::unique_ptr<VirtioPci>> create_vhost_user_blk_pci(
    PciPlace place, std::shared_ptr<void> config, const VirtioPciServices& services,
    std::unique_ptr<VhostUserBackEnd> back_end, IoThread& io_thread, MachineLock& lock);

// Its shape alone, for a plan.
[[nodiscard]] Result<std::unique_ptr<VirtioPci>> plan_vhost_user_blk_pci(
    PciPlace place, std::shared_ptr<void> config, const VirtioPciServices& services,
    std::uint16_t vcpu_count);

}  // namespace siskin
