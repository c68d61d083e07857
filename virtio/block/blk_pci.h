// SPDX-License-Identifier: Apache-2.0
// virtio-blk-pci and virtio-blk-pci-transitional: the types, their properties, how one is made.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/object/device_type.h"
#include "devices/block/block_node.h"
#include "pci/properties.h"
#include "virtio/block/blk_properties.h"
#include "virtio/block/block_lanes.h"
#include "virtio/transport/properties.h"
#include "virtio/transport/virtio_pci.h"

namespace siskin {

struct BlkPciConfig {
    PciProperties pci;
    VirtioPciProperties virtio;
    BlkProperties blk;
};

inline constexpr std::array kBlkPciGroups{
    group<&BlkPciConfig::pci>(kPciProperties),
    group<&BlkPciConfig::virtio>(kVirtioPciProperties),
    group<&BlkPciConfig::blk>(kBlkProperties),
};

// What a type that leaves the choice of its interfaces has besides.
inline constexpr std::array kBlkPciChoiceGroups{
    group<&BlkPciConfig::pci>(kPciProperties),
    group<&BlkPciConfig::virtio>(kVirtioPciProperties),
    group<&BlkPciConfig::virtio>(kVirtioInterfaceProperties),
    group<&BlkPciConfig::blk>(kBlkProperties),
};

extern const DeviceType kBlkPciType;
extern const DeviceType kBlkPciTransitionalType;
extern const DeviceType kBlkPciNonTransitionalType;
// Whether it is one of these; their configs are BlkPciConfig.
[[nodiscard]] bool is_blk_pci(const DeviceType& type);

// What the machine found for the names in the config.
struct BlkPciBackends {
    BlockNode& node;
    BlockThreads threads;          // none: of a plan, its shape alone
    std::uint16_t vcpu_count = 1;  // for num-queues when it is not set
    // Told of requests that the host failed; the device's, may be null.
    std::unique_ptr<BlockErrorSink> errors = nullptr;
    // In the stead of the properties, where these leave it to the drive.
    BlockOnError on_read_error = BlockOnError::Auto;
    BlockOnError on_write_error = BlockOnError::Auto;
};

// All that speaks against the settings, and against the node unless that is null, for a plan; in
// the words of create_blk_pci(), which tells the first.
[[nodiscard]] std::vector<Error> blk_pci_problems(const DeviceType& type, const PciPlace& place,
                                                  const BlkPciConfig& settings, BlockNode* node,
                                                  std::uint16_t vcpu_count);

// Plugs one of these types in at `place`; `config` is a BlkPciConfig, in which what was left unset
// becomes what was chosen. Errors: a property's value, or two together, are not supported; the node
// is in use; no descriptor or ring left in the host.
// Thread: VM loop, under MachineLock.
[[nodiscard]] Result<std::unique_ptr<VirtioPci>> create_blk_pci(
    PciPlace place, std::shared_ptr<void> config, const VirtioPciServices& services,
    BlkPciBackends backends, const DeviceType& type = kBlkPciType);

}  // namespace siskin
