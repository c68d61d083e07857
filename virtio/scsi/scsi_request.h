// SPDX-License-Identifier: Apache-2.0
// ScsiRequest: what a descriptor chain of a request queue asks; a pure function of the chain.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "devices/scsi/scsi_bus.h"
#include "virtio/queue/chain_reader.h"
#include "virtio/queue/descriptor_chain.h"
#include "virtio/scsi/spec.h"

namespace siskin {

// Sizes that the driver may change (virtio 1.2 §5.6.4).
struct ScsiLayout {
    // What is taken of the driver: more than any command or sense data has.
    static constexpr std::uint32_t kCdbSizeMax = 255;
    static constexpr std::uint32_t kSenseSizeMax = 252;

    std::uint32_t cdb_size = virtio_spec::kScsiCdbSizeDefault;
    std::uint32_t sense_size = virtio_spec::kScsiSenseSizeDefault;

    [[nodiscard]] std::uint64_t response_size() const {
        return sizeof(virtio_spec::ScsiResponseHeader) + std::uint64_t{sense_size};
    }
};

// §5.6.6.1. The header and the CDB were copied once; the data stays in guest memory.
struct ScsiRequest {
    bool is_malformed = true;  // no whole header, or no room for the response
    virtio_spec::ScsiLunField lun{};
    std::uint64_t id = 0;
    std::array<std::uint8_t, ScsiLayout::kCdbSizeMax> cdb;
    std::uint32_t cdb_size = 0;
    BufferCursor data_out{{}};
    std::uint64_t data_out_size = 0;
    BufferCursor writable{{}};  // the response, then the data to the driver
    std::uint64_t data_in_size = 0;

    [[nodiscard]] std::span<const std::uint8_t> command() const {
        return std::span(cdb).first(cdb_size);
    }
};

[[nodiscard]] ScsiRequest parse_scsi_request(const DescriptorChain& chain,
                                             const ScsiLayout& layout);

// §5.6.6.1: the one format of a unit's address. Nothing for any other.
[[nodiscard]] std::optional<ScsiAddress> scsi_address_of(const virtio_spec::ScsiLunField& lun);
[[nodiscard]] virtio_spec::ScsiLunField scsi_lun_field(ScsiAddress address);

}  // namespace siskin
