// SPDX-License-Identifier: Apache-2.0
// virtio-blk-pci: the device type, its properties, and how one is made.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/loop/io_thread.h"
#include "base/object/device_type.h"
#include "devices/block/block_node.h"
#include "pci/properties.h"
#include "virtio/transport/properties.h"
#include "virtio/transport/virtio_pci.h"

namespace siskin {

struct BlkProperties {
    std::string drive;     // whose node it is; the machine looks it up
    std::string iothread;  // which IoThread; the machine looks it up
    std::string serial;
    std::optional<std::uint16_t> num_queues;
    std::uint16_t queue_size = 256;
    ByteCount logical_block_size{512};
    ByteCount physical_block_size{512};
    OnOffAuto write_cache = OnOffAuto::Auto;
    bool config_wce = true;
    bool share_rw = false;
    std::optional<std::uint32_t> bootindex;
    bool scsi = false;
};

struct BlkPciConfig {
    PciProperties pci;
    VirtioPciProperties virtio;
    BlkProperties blk;
};

inline constexpr std::array kBlkProperties{
    property<&BlkProperties::drive>("drive", "Node name or drive id of the disk; required."),
    property<&BlkProperties::iothread>("iothread", "The iothread object that does the I/O."),
    property<&BlkProperties::serial>("serial", "What get-id tells the guest, up to 20 bytes."),
    property<&BlkProperties::num_queues>(
        "num-queues", "Request virtqueues; one a CPU when not set.", InRange{1, 64}),
    property<&BlkProperties::queue_size>("queue-size", "Entries of each queue, a power of two.",
                                         InRange{4, 1024}),
    property<&BlkProperties::logical_block_size>(
        "logical_block_size", "Smallest unit of a request, a power of two.", InRange{512, 32768}),
    property<&BlkProperties::physical_block_size>(
        "physical_block_size", "Unit the disk handles best, a power of two.", InRange{512, 32768}),
    property<&BlkProperties::write_cache>(
        "write-cache", "Whether writes are durable only after a flush; auto is on."),
    property<&BlkProperties::config_wce>("config-wce",
                                         "Whether the guest may switch the write cache."),
    property<&BlkProperties::share_rw>(
        "share-rw", "Whether other processes may write the image at the same time."),
    property<&BlkProperties::bootindex>("bootindex", "Boot order for firmware.",
                                        InRange{0, 0x7fffffff}),
    property<&BlkProperties::scsi>("scsi", "SCSI commands; only off, as they are gone."),
};

inline constexpr std::array kBlkPciGroups{
    group<&BlkPciConfig::pci>(kPciProperties),
    group<&BlkPciConfig::virtio>(kVirtioPciProperties),
    group<&BlkPciConfig::blk>(kBlkProperties),
};

extern const DeviceType kBlkPciType;

// What the machine found for the names in the config.
struct BlkPciBackends {
    BlockNode& node;
    IoThread* io_thread;           // null: of a plan, its shape alone
    std::uint16_t vcpu_count = 1;  // for num-queues when it is not set
};

// All that speaks against the settings, and against the node unless that is null, for a plan; in
// the words of create_blk_pci(), which tells the first.
[[nodiscard]] std::vector<Error> blk_pci_problems(const BlkPciConfig& settings, BlockNode* node,
                                                  std::uint16_t vcpu_count);

// Plugs a virtio-blk-pci in at `place`; `config` is a BlkPciConfig. Errors: a property's value, or
// two together, are not supported; the node is in use; no descriptor or ring left in the host.
// Thread: VM loop, under MachineLock.
[[nodiscard]] Result<std::unique_ptr<VirtioPci>> create_blk_pci(PciPlace place,
                                                                std::shared_ptr<void> config,
                                                                const VirtioPciServices& services,
                                                                const BlkPciBackends& backends);

}  // namespace siskin
