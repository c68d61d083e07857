// SPDX-License-Identifier: Apache-2.0
// Builds requests by hand.
#include "tools/guest/hostile_requests.h"

#include "tools/guest/hostile.h"

namespace siskin::guest {

BlockRequest hostile_request;
alignas(16) Descriptor hostile_table[kHostileTableSize];

void set_descriptor(VirtioBlk& disk, unsigned index, std::uint64_t address, std::uint32_t length,
                    unsigned flags, unsigned next) {
    volatile Descriptor& entry = disk.queue().descriptor(index);
    entry.address = address;
    entry.length = length;
    entry.flags = static_cast<std::uint16_t>(flags);
    entry.next = static_cast<std::uint16_t>(next);
}

void offer(VirtioBlk& disk, std::uint16_t head) {
    disk.queue().publish_head(head);
    disk.pci().notify(0);
}

void set_request(VirtioBlk& disk, std::uint32_t type, std::uint64_t sector, std::uint64_t data,
                 std::uint32_t length, unsigned data_flags) {
    hostile_request.header = BlockRequest::Header{type, 0, sector};
    hostile_request.status = kBlockUntouched;
    set_descriptor(disk, 0, address_of(&hostile_request.header), 16, kDescriptorNext, 1);
    set_descriptor(disk, 1, data, length, kDescriptorNext | data_flags, 2);
    set_descriptor(disk, 2, address_of(&hostile_request.status), 1, kDescriptorWrite);
}

void set_good_read(VirtioBlk& disk) {
    memset(hostile_buffer, 0, sizeof(hostile_buffer));
    set_request(disk, kBlockIn, 0, address_of(hostile_buffer), kSectorSize, kDescriptorWrite);
}

void set_indirect(VirtioBlk& disk, std::uint64_t address, std::uint32_t length,
                  unsigned extra_flags) {
    set_good_read(disk);
    for (unsigned i = 0; i < 3; ++i) {
        const volatile Descriptor& entry = disk.queue().descriptor(i);
        hostile_table[i] = Descriptor{entry.address, entry.length, entry.flags, entry.next};
    }
    set_descriptor(disk, 0, address, length, kDescriptorIndirect | extra_flags, 1);
}

}  // namespace siskin::guest
