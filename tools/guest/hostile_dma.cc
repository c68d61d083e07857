// SPDX-License-Identifier: Apache-2.0
// Lends memory that is none, or that is not to be touched: every place and length, registers of
// devices, rings over rings, buffers of the wrong direction (virtio 1.2 §2.7.4, §2.7.5).
#include <cstdint>

#include "tools/guest/hostile.h"
#include "tools/guest/hostile_requests.h"
#include "tools/guest/runtime/io.h"
#include "tools/guest/runtime/user_mode.h"

using namespace siskin::guest;

namespace {

constexpr std::uint64_t kLocalApicPage = 0xfee00000;
constexpr unsigned kPlaces = 14;

HostileBench bench;
MsixTable msix;
std::uint64_t msix_table = 0;

// Where a driver must not point: nowhere, at registers, across an end.
std::uint64_t place(unsigned number) {
    const std::uint64_t common = bench.disk.pci().common();
    const std::uint64_t other = bar_address(bench.bdf_of(1), 4);
    const std::uint64_t places[kPlaces] = {
        common,
        common + 0x1000,  // interrupt status
        common + 0x2000,  // configuration
        common + 0x3000,  // notification
        msix_table,
        other,
        bench.acpi.ecam.base,
        kLocalApicPage,
        bench.acpi.io_apic_address,
        0xfd000000,  // no RAM, no device
        1ULL << 46,
        ~std::uint64_t{0} - 255,  // across the end of addresses
        bench.memory_end(),
        bench.memory_end() - 8,  // across the end of RAM
    };
    return places[number];
}

// What would show a stray write or a read with an effect.
struct Registers {
    std::uint32_t words[24];

    Registers() {
        const VirtioPci& pci = bench.disk.pci();
        unsigned at = 0;
        for (std::uint16_t offset = 0; offset < 56; offset += 4) {
            words[at++] = pci.read32(offset);
        }
        for (unsigned entry = 0; entry < 4; ++entry) {
            words[at++] = mmio_read<std::uint32_t>(msix_table + 4 * entry);
        }
        const std::uint64_t other = bar_address(bench.bdf_of(1), 4);
        words[at++] = mmio_read<std::uint32_t>(other + kCommonStatus);
        words[at++] = mmio_read<std::uint32_t>(other + kCommonQueueSelect);
        words[at++] = config_read32(bench.bdf(), kPciVendor);
        words[at++] = config_read32(make_bdf(0, 0, 0), kPciVendor);
        words[at++] = mmio_read<std::uint32_t>(kLocalApicPage + 0x20);
        words[at++] = mmio_read<std::uint32_t>(kLocalApicPage + 0x30);
    }
    [[nodiscard]] bool same_as(const Registers& before) const {
        return memcmp(words, before.words, sizeof(words)) == 0;
    }
};

// V04, V18: each place in each role of a chain.
struct Role {
    const char* name;
    void (*lend)(VirtioBlk& disk, std::uint64_t place);
};

constexpr Role kRoles[] = {
    {"V04 V18: a header there",
     [](VirtioBlk& d, std::uint64_t at) {
         set_good_read(d);
         set_descriptor(d, 0, at, 16, kDescriptorNext, 1);
     }},
    {"V04 V18: data to be read there",
     [](VirtioBlk& d, std::uint64_t at) { set_request(d, kBlockOut, 0, at, kSectorSize, 0); }},
    {"V04 V18: data to be written there",
     [](VirtioBlk& d, std::uint64_t at) {
         set_request(d, kBlockIn, 0, at, kSectorSize, kDescriptorWrite);
     }},
    {"V04 V18: a status there",
     [](VirtioBlk& d, std::uint64_t at) {
         set_good_read(d);
         set_descriptor(d, 2, at, 16, kDescriptorWrite);
     }},
    {"V04 V18: an indirect table there",
     [](VirtioBlk& d, std::uint64_t at) { set_indirect(d, at, 48); }},
};

void check_places() {
    for (const Role& role : kRoles) {
        unsigned wrong = 0;
        for (unsigned number = 0; number < kPlaces; ++number) {
            const bool started = bench.start();
            const Registers before;
            role.lend(bench.disk, place(number));
            offer(bench.disk);
            bench.settle(Fate::Refused);
            const bool refused = bench.ended_in(Fate::Refused);
            const bool same = Registers().same_as(before);
            if (!started || !refused || !same || !bench.serves_on() || !bench.comes_back()) {
                print("place ", number, ", ", Hex{place(number), 16}, " went wrong\n");
                ++wrong;
            }
        }
        check(wrong == 0, role.name);
    }
}

// V17, V18: each place as each part of a ring: refused when the queue is enabled.
void check_rings() {
    constexpr std::uint16_t kParts[] = {kCommonQueueDescriptors, kCommonQueueDriver,
                                        kCommonQueueDevice};
    unsigned wrong = 0;
    for (const std::uint16_t part : kParts) {
        for (unsigned number = 0; number < kPlaces; ++number) {
            bool right = bench.start();
            VirtioPci& pci = bench.disk.pci();
            const std::uint64_t bad = place(number) & ~15ULL;
            const Virtqueue& queue = bench.disk.queue();
            right = right && pci.reset() && pci.negotiate(kFeatureVersion1);
            pci.write16(kCommonQueueSelect, 0);
            pci.write16(kCommonQueueSize, HostileBench::kQueueSize);
            pci.write64(kCommonQueueDescriptors, queue.descriptors_address());
            pci.write64(kCommonQueueDriver, queue.available_address());
            pci.write64(kCommonQueueDevice, queue.used_address());
            pci.write64(part, bad);
            const Registers before;
            pci.write16(kCommonQueueEnable, 1);
            right = right && pci.read16(kCommonQueueEnable) == 0 && Registers().same_as(before);
            pci.add_status(kStatusDriverOk);
            pci.notify(0);
            if (!right || !bench.comes_back()) {
                print("part ", unsigned{part}, " at ", Hex{bad, 16}, " went wrong\n");
                ++wrong;
            }
        }
    }
    check(wrong == 0, "V04 V17 V18: no part of a ring lies there");
}

// V05: whether a buffer is RAM, every byte of it, in numbers that do not wrap.
bool is_memory(std::uint64_t address, std::uint64_t length) {
    return length != 0 && address < bench.memory_end() && length <= bench.memory_end() - address;
}

void check_lengths() {
    const std::uint64_t addresses[] = {
        0, 1, bench.memory_end() - 1, bench.memory_end(), 1ULL << 63, ~std::uint64_t{0}};
    constexpr std::uint32_t kLengths[] = {0,          1,          4095,       4096,
                                          0x7fffffff, 0x80000000, 0x80000001, 0xffffffff};
    unsigned wrong = 0;
    for (const std::uint64_t address : addresses) {
        for (const std::uint32_t length : kLengths) {
            bool right = bench.start();
            set_request(bench.disk, kBlockIn, 0, address, length, kDescriptorWrite);
            offer(bench.disk);
            bench.settle(Fate::Lives);
            const bool whole = is_memory(address, length);
            const bool served =
                hostile_request.status == kBlockOk ||
                (length % kSectorSize != 0 && hostile_request.status == kBlockIoError);
            right = right && (whole ? served : bench.ended_in(Fate::Refused));
            if (!right || !bench.serves_on() || !bench.comes_back()) {
                print("address ", Hex{address, 16}, " length ", Hex{length, 8}, " went wrong\n");
                ++wrong;
            }
        }
    }
    check(wrong == 0, "V05: each length at each address is accepted exactly when it is memory");
}

// A good read whose addresses, where a ring's flags or index have taken the place of their lower
// halves, still are of nothing but this.
void set_confined_read(VirtioBlk& disk) {
    alignas(65536) static std::uint8_t room[2 * 65536];
    const BlockRequest::Header header{kBlockIn, 0, 0};
    memcpy(room, &header, sizeof(header));
    set_descriptor(disk, 0, address_of(room), 16, kDescriptorNext, 1);
    set_descriptor(disk, 1, address_of(room) + 4096, kSectorSize,
                   kDescriptorNext | kDescriptorWrite, 2);
    set_descriptor(disk, 2, address_of(room) + 64, 1, kDescriptorWrite);
}

constexpr Violation kRings[] = {
    {"V05: a chain of more than 4 GiB",
     [](VirtioBlk& d, unsigned) {
         constexpr std::uint16_t kLast = 40;
         constexpr std::uint32_t kLength = 0x7e00000;
         set_indirect(d, address_of(hostile_table), (kLast + 1) * 16);
         hostile_request.header.type = kBlockOut;
         hostile_table[kLast] = hostile_table[2];
         for (std::uint16_t i = 1; i < kLast; ++i) {
             hostile_table[i] =
                 Descriptor{0x100000, kLength, kDescriptorNext, static_cast<std::uint16_t>(i + 1)};
         }
         offer(d);
     },
     Fate::Fails},
    {"V16: data over the descriptor table",
     [](VirtioBlk& d, unsigned) {
         set_good_read(d);
         set_descriptor(d, 1, d.queue().descriptors_address(), kSectorSize,
                        kDescriptorNext | kDescriptorWrite, 2);
         offer(d);
     }},
    {"V16: data over the available ring",
     [](VirtioBlk& d, unsigned) {
         set_good_read(d);
         set_descriptor(d, 1, d.queue().available_address(), kSectorSize,
                        kDescriptorNext | kDescriptorWrite, 2);
         offer(d);
     }},
    {"V16: data over the used ring",
     [](VirtioBlk& d, unsigned) {
         set_good_read(d);
         set_descriptor(d, 1, d.queue().used_address(), kSectorSize,
                        kDescriptorNext | kDescriptorWrite, 2);
         offer(d);
     }},
    {"V16: the status in the available index",
     [](VirtioBlk& d, unsigned n) {
         set_good_read(d);
         set_descriptor(d, 2, d.queue().available_address() + n, 1, kDescriptorWrite);
         offer(d);
     },
     Fate::Open, 4},
    {"V16: rings on each other",
     [](VirtioBlk& d, unsigned n) {
         VirtioPci& pci = d.pci();
         const std::uint64_t at = d.queue().descriptors_address();
         static_cast<void>(pci.reset());
         static_cast<void>(pci.negotiate(kFeatureVersion1));
         pci.write16(kCommonQueueSelect, 0);
         pci.write16(kCommonQueueSize, HostileBench::kQueueSize);
         pci.write64(kCommonQueueDescriptors, at);
         pci.write64(kCommonQueueDriver, at + 4 * n);
         pci.write64(kCommonQueueDevice, at + 8 * (n / 2));
         pci.write16(kCommonQueueEnable, 1);
         pci.add_status(kStatusDriverOk);
         set_confined_read(d);
         offer(d);
     },
     Fate::Open, 16},
};

constexpr Violation kDirections[] = {
    {"V06: data of the wrong direction, whatever is asked for",
     [](VirtioBlk& d, unsigned type) {
         const bool to_disk =
             type == kBlockOut || type == kBlockDiscard || type == kBlockWriteZeroes;
         set_request(d, type, 0, address_of(to_disk ? hostile_buffer : hostile_canary_after),
                     kSectorSize, to_disk ? kDescriptorWrite : 0);
         offer(d);
     },
     Fate::Lives, 32},
    {"V06: a read into what the device may only read",
     [](VirtioBlk& d, unsigned) {
         set_request(d, kBlockIn, 0, address_of(hostile_canary_after), kSectorSize, 0);
         offer(d);
     },
     Fate::Fails},
    {"V06: a write from what the device may only write",
     [](VirtioBlk& d, unsigned) {
         set_request(d, kBlockOut, 0, address_of(hostile_buffer), kSectorSize, kDescriptorWrite);
         offer(d);
     },
     Fate::Fails},
};

bool all_are(const std::uint8_t* from, const std::uint8_t* end, std::uint8_t byte) {
    return from == end ||
           (*from == byte && memcmp(from, from + 1, static_cast<std::size_t>(end - from - 1)) == 0);
}

// V20: what the used length counts was written, and no byte besides.
void check_written_lengths() {
    struct Case {
        std::uint32_t type;
        std::uint64_t sector;
        std::uint32_t lent;
        std::uint32_t written;  // from the start on
        std::uint32_t used;
    };
    const std::uint64_t capacity = bench.disk.capacity();
    const Case cases[] = {
        {kBlockIn, 0, 512, 512, 513},    {kBlockIn, 0, 1024, 1024, 1025},
        {kBlockIn, capacity, 512, 0, 0}, {kBlockIn, capacity - 1, 1024, 0, 0},
        {kBlockIn, 0, 511, 0, 0},        {kBlockGetId, 0, 20, 20, 21},
        {kBlockGetId, 0, 19, 19, 20},    {kBlockGetId, 0, 512, 20, 20},
        {kBlockFlush, 0, 512, 0, 0},     {77, 0, 512, 0, 0},
    };
    unsigned wrong = 0;
    for (const Case& one : cases) {
        bool right = bench.start();
        memset(hostile_buffer, 0xa7, sizeof(hostile_buffer));
        set_request(bench.disk, one.type, one.sector, address_of(hostile_buffer), one.lent,
                    kDescriptorWrite);
        offer(bench.disk);
        bench.settle(Fate::Lives);
        right =
            right && bench.disk.queue().has_used() &&
            bench.disk.queue().take_used().length == one.used &&
            all_are(hostile_buffer + one.written, hostile_buffer + sizeof(hostile_buffer), 0xa7);
        if (one.type == kBlockIn && one.written != 0) {
            right = right && bench.is_first_sector(hostile_buffer);
        }
        if (!right || !bench.serves_on() || !bench.comes_back()) {
            print("type ", one.type, ", ", one.lent, " bytes went wrong\n");
            ++wrong;
        }
    }
    check(wrong == 0, "V20: the used length is what was written, and no byte behind it changed");
}

}  // namespace

void guest_start(const StartInfo* info) {
    begin(info);
    bench.open(*info);
    require(msix.open(bench.bdf()) && msix.size() > 1, "the disk has vectors");
    msix_table = bar_address(bench.bdf(), 1);
    enter_user_mode();
    check_places();
    check_rings();
    check_lengths();
    bench.run_all(kRings);
    bench.run_all(kDirections);
    check_written_lengths();
    finish();
}
