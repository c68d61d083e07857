// SPDX-License-Identifier: Apache-2.0
// Breaks the rules of the split ring and of block requests, one at a time (virtio 1.2 §2.7,
// §5.2.6).
#include <cstdint>

#include "tools/guest/hostile.h"

using namespace siskin::guest;

namespace {

constexpr std::uint16_t kQueueSize = HostileBench::kQueueSize;
constexpr std::uint64_t kHole = 0xfd000000;  // no RAM, no device
constexpr std::uint64_t kLocalApicPage = 0xfee00000;
constexpr std::uint64_t kBeyondMemory = 1ULL << 46;

HostileBench bench;
alignas(16) Descriptor table[4];
BlockRequest request;

std::uint64_t address_of(const volatile void* object) {
    return reinterpret_cast<std::uint64_t>(object);
}

void set(VirtioBlk& disk, unsigned index, std::uint64_t address, std::uint32_t length,
         unsigned flags, unsigned next = 0) {
    volatile Descriptor& entry = disk.queue().descriptor(index);
    entry.address = address;
    entry.length = length;
    entry.flags = static_cast<std::uint16_t>(flags);
    entry.next = static_cast<std::uint16_t>(next);
}

void go(VirtioBlk& disk, std::uint16_t head = 0) {
    disk.queue().publish_head(head);
    disk.pci().notify(0);
}

// A good read of one sector in descriptors 0, 1, 2; what follows spoils it.
void set_good_read(VirtioBlk& disk) {
    request.header = BlockRequest::Header{kBlockIn, 0, 0};
    request.status = kBlockUntouched;
    set(disk, 0, address_of(&request.header), 16, kDescriptorNext, 1);
    set(disk, 1, address_of(hostile_buffer), kSectorSize, kDescriptorNext | kDescriptorWrite, 2);
    set(disk, 2, address_of(&request.status), 1, kDescriptorWrite);
}

void go_with_header(VirtioBlk& disk, std::uint64_t address, std::uint32_t length, unsigned flags,
                    unsigned next) {
    set_good_read(disk);
    set(disk, 0, address, length, flags, next);
    go(disk);
}
void go_with_header_next(VirtioBlk& disk, unsigned next) {
    go_with_header(disk, address_of(&request.header), 16, kDescriptorNext, next);
}
void go_with_header_at(VirtioBlk& disk, std::uint64_t address) {
    go_with_header(disk, address, 16, kDescriptorNext, 1);
}
void go_with_data(VirtioBlk& disk, std::uint64_t address, std::uint32_t length = kSectorSize,
                  unsigned flags = kDescriptorNext | kDescriptorWrite, unsigned next = 2) {
    set_good_read(disk);
    set(disk, 1, address, length, flags, next);
    go(disk);
}
void go_with_status(VirtioBlk& disk, std::uint64_t address, std::uint32_t length, unsigned flags) {
    set_good_read(disk);
    set(disk, 2, address, length, flags);
    go(disk);
}

// The good read in an indirect table, which the caller spoils before go().
void set_indirect(VirtioBlk& disk, std::uint64_t address, std::uint32_t length,
                  unsigned extra_flags = 0) {
    set_good_read(disk);
    for (unsigned i = 0; i < 3; ++i) {
        const volatile Descriptor& entry = disk.queue().descriptor(i);
        table[i] = Descriptor{entry.address, entry.length, entry.flags, entry.next};
    }
    set(disk, 0, address, length, kDescriptorIndirect | extra_flags, 1);
}
void go_with_indirect(VirtioBlk& disk, std::uint64_t address, std::uint32_t length,
                      unsigned extra_flags = 0) {
    set_indirect(disk, address, length, extra_flags);
    go(disk);
}
void go_with_available_index(VirtioBlk& disk, std::uint16_t index) {
    set_good_read(disk);
    disk.queue().set_available_index(index);
    disk.pci().notify(0);
}

constexpr Violation kChains[] = {
    {"a descriptor that is its own next", [](VirtioBlk& d) { go_with_header_next(d, 0); }},
    {"a loop of two descriptors",
     [](VirtioBlk& d) {
         go_with_data(d, address_of(hostile_buffer), 512, kDescriptorNext | kDescriptorWrite, 0);
     }},
    {"a loop through the whole table",
     [](VirtioBlk& d) {
         for (unsigned i = 0; i < kQueueSize; ++i) {
             set(d, i, address_of(hostile_buffer), 16, kDescriptorNext, (i + 1) % kQueueSize);
         }
         go(d);
     }},
    {"a next of the queue size", [](VirtioBlk& d) { go_with_header_next(d, kQueueSize); }},
    {"a next of 65535", [](VirtioBlk& d) { go_with_header_next(d, 0xffff); }},
    {"a head of the queue size",
     [](VirtioBlk& d) {
         set_good_read(d);
         go(d, kQueueSize);
     }},
    {"a head of 65535",
     [](VirtioBlk& d) {
         set_good_read(d);
         go(d, 0xffff);
     }},
    {"an available index one too far",
     [](VirtioBlk& d) { go_with_available_index(d, kQueueSize + 1); }},
    {"an available index half the numbers ahead",
     [](VirtioBlk& d) { go_with_available_index(d, 0x8000); }},
    {"an available index that went back", [](VirtioBlk& d) { go_with_available_index(d, 0xffff); }},
    {"every entry the same head",
     [](VirtioBlk& d) {
         set_good_read(d);
         for (unsigned i = 0; i < kQueueSize; ++i) {
             d.queue().publish_head(0);
         }
         d.pci().notify(0);
     }},
};

constexpr Violation kAddresses[] = {
    {"a header where no memory is", [](VirtioBlk& d) { go_with_header_at(d, kHole); }},
    {"a header across the end of addresses",
     [](VirtioBlk& d) { go_with_header_at(d, ~std::uint64_t{7}); }},
    {"a header beyond memory", [](VirtioBlk& d) { go_with_header_at(d, kBeyondMemory); }},
    {"data where no memory is", [](VirtioBlk& d) { go_with_data(d, kHole); }},
    {"data beyond memory", [](VirtioBlk& d) { go_with_data(d, kBeyondMemory); }},
    {"data across the end of addresses",
     [](VirtioBlk& d) { go_with_data(d, ~std::uint64_t{255}); }},
    {"data in the disk's own registers", [](VirtioBlk& d) { go_with_data(d, d.pci().common()); },
     true},
    {"data in ECAM", [](VirtioBlk& d) { go_with_data(d, bench.acpi.ecam.base); }, true},
    {"data in the local APIC", [](VirtioBlk& d) { go_with_data(d, kLocalApicPage); }, true},
    {"data of nearly 4 GiB",
     [](VirtioBlk& d) { go_with_data(d, address_of(hostile_buffer), 0xfffffe00); }},
    {"data of no length", [](VirtioBlk& d) { go_with_data(d, address_of(hostile_buffer), 0); }},
    {"a status where no memory is",
     [](VirtioBlk& d) { go_with_status(d, kHole, 1, kDescriptorWrite); }},
};

constexpr Violation kShapes[] = {
    {"a status of no length",
     [](VirtioBlk& d) { go_with_status(d, address_of(&request.status), 0, kDescriptorWrite); }},
    {"a status the device may only read",
     [](VirtioBlk& d) { go_with_status(d, address_of(hostile_canary_after), 1, 0); }},
    {"a header and nothing else",
     [](VirtioBlk& d) { go_with_header(d, address_of(&request.header), 16, 0, 0); }},
    {"a header of 15 bytes",
     [](VirtioBlk& d) { go_with_header(d, address_of(&request.header), 15, kDescriptorNext, 2); }},
    {"a header the device may only write",
     [](VirtioBlk& d) {
         go_with_header(d, address_of(&request.header), 16, kDescriptorNext | kDescriptorWrite, 1);
     }},
    {"a readable descriptor behind a writable one",
     [](VirtioBlk& d) {
         set_good_read(d);
         set(d, 1, address_of(hostile_buffer), 512, kDescriptorNext | kDescriptorWrite, 3);
         set(d, 3, address_of(hostile_canary_after), 512, kDescriptorNext, 2);
         go(d);
     }},
    {"a read into memory the device may only read",
     [](VirtioBlk& d) {
         go_with_data(d, address_of(hostile_canary_after), 512, kDescriptorNext, 2);
     }},
};

constexpr Violation kIndirect[] = {
    {"an indirect table of no length",
     [](VirtioBlk& d) { go_with_indirect(d, address_of(table), 0); }},
    {"an indirect table of 47 bytes",
     [](VirtioBlk& d) { go_with_indirect(d, address_of(table), 47); }},
    {"an indirect table of nearly 4 GiB",
     [](VirtioBlk& d) { go_with_indirect(d, address_of(table), 0xfffffff0); }},
    {"an indirect table where no memory is", [](VirtioBlk& d) { go_with_indirect(d, kHole, 48); }},
    {"an indirect table in the disk's own registers",
     [](VirtioBlk& d) { go_with_indirect(d, d.pci().common(), 48); }},
    {"an indirect descriptor with a next",
     [](VirtioBlk& d) { go_with_indirect(d, address_of(table), 48, kDescriptorNext); }},
    {"an indirect descriptor in an indirect table",
     [](VirtioBlk& d) {
         set_indirect(d, address_of(table), 48);
         table[0] = Descriptor{address_of(table), 48, kDescriptorIndirect, 0};
         go(d);
     }},
    {"a loop in an indirect table",
     [](VirtioBlk& d) {
         set_indirect(d, address_of(table), 48);
         table[1].next = 0;
         go(d);
     }},
    {"a next outside the indirect table",
     [](VirtioBlk& d) {
         set_indirect(d, address_of(table), 48);
         table[0].next = 3;
         go(d);
     }},
};

}  // namespace

void guest_start(const StartInfo* info) {
    begin(info);
    bench.open(*info);
    for (const Violation& violation : kChains) {
        bench.run(violation);
    }
    for (const Violation& violation : kAddresses) {
        bench.run(violation);
    }
    for (const Violation& violation : kShapes) {
        bench.run(violation);
    }
    for (const Violation& violation : kIndirect) {
        bench.run(violation);
    }
    finish();
}
