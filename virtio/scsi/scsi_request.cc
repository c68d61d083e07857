// SPDX-License-Identifier: Apache-2.0
// Parsing of SCSI requests.
#include "virtio/scsi/scsi_request.h"

#include "devices/scsi/scsi_target.h"

namespace siskin {

namespace spec = virtio_spec;

ScsiRequest parse_scsi_request(const DescriptorChain& chain, const ScsiLayout& layout) {
    ScsiRequest request;
    ChainReader reader(chain);
    const auto header = reader.read<spec::ScsiRequestHeader>();
    request.cdb_size = layout.cdb_size;
    const auto cdb = std::span(request.cdb).first(layout.cdb_size);
    if (!header || !reader.read_bytes(std::as_writable_bytes(cdb))) {
        return request;
    }
    const std::uint64_t writable_size = total_size(chain.writable());
    if (writable_size < layout.response_size()) {
        return request;
    }
    request.is_malformed = false;
    request.lun = header->lun;
    request.id = header->id;
    request.data_out = reader.cursor();
    request.data_out_size = reader.remaining();
    request.writable = BufferCursor(chain.writable());
    request.data_in_size = writable_size - layout.response_size();
    return request;
}

std::optional<ScsiAddress> scsi_address_of(const spec::ScsiLunField& lun) {
    constexpr std::uint8_t kMethodMask = 0xc0;
    constexpr std::uint8_t kFlat = 0x40;
    const bool is_peripheral = lun[2] == 0;
    const bool is_flat = (lun[2] & kMethodMask) == kFlat;
    if (lun[0] != spec::kScsiLunFirst || (!is_peripheral && !is_flat)) {
        return std::nullopt;
    }
    return ScsiAddress{lun[1], static_cast<std::uint16_t>((lun[2] & ~kMethodMask) << 8U | lun[3])};
}

spec::ScsiLunField scsi_lun_field(ScsiAddress address) {
    const ScsiLunBytes lun = scsi_lun_bytes(address.lun);
    return {spec::kScsiLunFirst, static_cast<std::uint8_t>(address.target), lun[0], lun[1]};
}

}  // namespace siskin
