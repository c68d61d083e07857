// SPDX-License-Identifier: Apache-2.0
// Breaks the rules of the split ring: loops, indices, shapes of chains, indirect tables (virtio 1.2
// §2.7).
#include <cstdint>

#include "tools/guest/hostile.h"
#include "tools/guest/hostile_requests.h"
#include "tools/guest/runtime/user_mode.h"

using namespace siskin::guest;

namespace {

constexpr std::uint16_t kQueueSize = HostileBench::kQueueSize;
constexpr std::uint64_t kHole = 0xfd000000;  // no RAM, no device
constexpr std::uint16_t kBeyond[] = {kQueueSize, kQueueSize + 1, 0x7fff, 0xffff};

HostileBench bench;

void set(VirtioBlk& disk, unsigned index, std::uint64_t address, std::uint32_t length,
         unsigned flags, unsigned next = 0) {
    set_descriptor(disk, index, address, length, flags, next);
}
void offer_with_header(VirtioBlk& disk, std::uint64_t address, std::uint32_t length, unsigned flags,
                       unsigned next) {
    set_good_read(disk);
    set(disk, 0, address, length, flags, next);
    offer(disk);
}
void offer_with_status(VirtioBlk& disk, std::uint64_t address, std::uint32_t length,
                       unsigned flags) {
    set_good_read(disk);
    set(disk, 2, address, length, flags);
    offer(disk);
}
void offer_indirect(VirtioBlk& disk, std::uint64_t address, std::uint32_t length,
                    unsigned extra_flags = 0) {
    set_indirect(disk, address, length, extra_flags);
    offer(disk);
}
void offer_available_index(VirtioBlk& disk, std::uint16_t index) {
    set_good_read(disk);
    disk.queue().set_available_index(index);
    disk.pci().notify(0);
}

constexpr Violation kLoops[] = {
    {"V01: a loop of each length up to the queue's",
     [](VirtioBlk& d, unsigned n) {
         for (unsigned i = 0; i <= n; ++i) {
             set(d, i, address_of(hostile_buffer), 16, kDescriptorNext, (i + 1) % (n + 1));
         }
         offer(d);
     },
     Fate::Refused, kQueueSize},
    {"V01: a loop of what the device may write",
     [](VirtioBlk& d, unsigned n) {
         set_good_read(d);
         for (unsigned i = 1; i <= n + 1; ++i) {
             set(d, i, address_of(hostile_buffer), 512, kDescriptorNext | kDescriptorWrite,
                 i == n + 1 ? 1 : i + 1);
         }
         offer(d);
     },
     Fate::Refused, kQueueSize - 1},
    {"V01: a loop in an indirect table, of each length",
     [](VirtioBlk& d, unsigned n) {
         set_indirect(d, address_of(hostile_table), (n + 1) * 16);
         for (unsigned i = 0; i <= n; ++i) {
             hostile_table[i] = Descriptor{address_of(hostile_buffer), 16, kDescriptorNext,
                                           static_cast<std::uint16_t>((i + 1) % (n + 1))};
         }
         offer(d);
     },
     Fate::Refused, kHostileTableSize},
};

constexpr Violation kIndices[] = {
    {"V03: a next beyond the queue",
     [](VirtioBlk& d, unsigned n) {
         offer_with_header(d, address_of(&hostile_request.header), 16, kDescriptorNext, kBeyond[n]);
     },
     Fate::Refused, 4},
    {"V03: a head beyond the queue",
     [](VirtioBlk& d, unsigned n) {
         set_good_read(d);
         offer(d, kBeyond[n]);
     },
     Fate::PassedOver, 4},
    {"V10: an available index that jumps, or goes back",
     [](VirtioBlk& d, unsigned n) {
         constexpr std::uint16_t kJumps[] = {kQueueSize + 1, 255, 0x7fff, 0x8000, 0xfffe, 0xffff};
         offer_available_index(d, kJumps[n]);
     },
     Fate::Breaks, 6},
    {"V10 V19: after a jump nothing is taken, though the index is right again",
     [](VirtioBlk& d, unsigned) {
         offer_available_index(d, 1000);
         bench.settle(Fate::Breaks);
         offer_available_index(d, 1);
     },
     Fate::Breaks},
    {"V11: every entry the same head",
     [](VirtioBlk& d, unsigned) {
         set_good_read(d);
         for (unsigned i = 0; i < kQueueSize; ++i) {
             d.queue().publish_head(0);
         }
         d.pci().notify(0);
     },
     Fate::Done},
    {"V11: two chains that share their data and status",
     [](VirtioBlk& d, unsigned) {
         set_good_read(d);
         set(d, 3, address_of(&hostile_request.header), 16, kDescriptorNext, 1);
         d.queue().publish_head(0);
         offer(d, 3);
     },
     Fate::Done},
};

constexpr Violation kShapes[] = {
    {"V07: a readable descriptor behind a writable one",
     [](VirtioBlk& d, unsigned) {
         set_good_read(d);
         set(d, 1, address_of(hostile_buffer), 512, kDescriptorNext | kDescriptorWrite, 3);
         set(d, 3, address_of(hostile_canary_after), 512, kDescriptorNext, 2);
         offer(d);
     },
     Fate::Refused},
    {"V08: a header cut in two, anywhere",
     [](VirtioBlk& d, unsigned n) {
         set_good_read(d);
         const std::uint64_t header = address_of(&hostile_request.header);
         set(d, 0, header, n + 1, kDescriptorNext, 3);
         set(d, 3, header + n + 1, 15 - n, kDescriptorNext, 1);
         offer(d);
     },
     Fate::Done, 15},
    {"V08: a header in sixteen pieces",
     [](VirtioBlk& d, unsigned) {
         set_indirect(d, address_of(hostile_table), 18 * 16);
         hostile_table[16] = hostile_table[1];
         hostile_table[16].next = 17;
         hostile_table[17] = hostile_table[2];
         for (unsigned i = 0; i < 16; ++i) {
             hostile_table[i] = Descriptor{address_of(&hostile_request.header) + i, 1,
                                           kDescriptorNext, static_cast<std::uint16_t>(i + 1)};
         }
         offer(d);
     },
     Fate::Done},
    {"V08: data cut in two, at each seventh byte",
     [](VirtioBlk& d, unsigned n) {
         set_good_read(d);
         const std::uint64_t data = address_of(hostile_buffer);
         const unsigned cut = 7 * n + 1;
         set(d, 1, data, cut, kDescriptorNext | kDescriptorWrite, 3);
         set(d, 3, data + cut, kSectorSize - cut, kDescriptorNext | kDescriptorWrite, 2);
         offer(d);
     },
     Fate::Done, 73},
    {"V08: a header that is too short",
     [](VirtioBlk& d, unsigned n) {
         offer_with_header(d, address_of(&hostile_request.header), n + 1, kDescriptorNext, 2);
     },
     Fate::Fails, 15},
    {"V08: a header and nothing else",
     [](VirtioBlk& d, unsigned) {
         offer_with_header(d, address_of(&hostile_request.header), 16, 0, 0);
     },
     Fate::Refused},
    {"V08: a header the device may only write",
     [](VirtioBlk& d, unsigned) {
         offer_with_header(d, address_of(&hostile_request.header), 16,
                           kDescriptorNext | kDescriptorWrite, 1);
     },
     Fate::Lives},
    {"V08: a status of no length",
     [](VirtioBlk& d, unsigned) {
         offer_with_status(d, address_of(&hostile_request.status), 0, kDescriptorWrite);
     },
     Fate::Refused},
    {"V06 V08: a status the device may only read",
     [](VirtioBlk& d, unsigned) { offer_with_status(d, address_of(hostile_canary_after), 1, 0); },
     Fate::Refused},
};

constexpr Violation kTables[] = {
    {"V09: an indirect table of a length that is no number of descriptors",
     [](VirtioBlk& d, unsigned n) {
         constexpr std::uint32_t kLengths[] = {0, 1, 15, 17, 47, 0xffffffff};
         offer_indirect(d, address_of(hostile_table), kLengths[n]);
     },
     Fate::Refused, 6},
    {"V09: an indirect table of nearly 4 GiB",
     [](VirtioBlk& d, unsigned) { offer_indirect(d, address_of(hostile_table), 0xfffffff0); },
     Fate::Refused},
    {"V09: an indirect table where no memory is",
     [](VirtioBlk& d, unsigned) { offer_indirect(d, kHole, 48); }, Fate::Refused},
    {"V09: an indirect descriptor with a next",
     [](VirtioBlk& d, unsigned) {
         offer_indirect(d, address_of(hostile_table), 48, kDescriptorNext);
     },
     Fate::Refused},
    {"V09: an indirect descriptor with the write flag, which means nothing (§2.7.5.3.2)",
     [](VirtioBlk& d, unsigned) {
         offer_indirect(d, address_of(hostile_table), 48, kDescriptorWrite);
     },
     Fate::Done},
    {"V09: an indirect descriptor in an indirect table",
     [](VirtioBlk& d, unsigned n) {
         set_indirect(d, address_of(hostile_table), 48);
         hostile_table[n] = Descriptor{address_of(hostile_table), 48, kDescriptorIndirect, 0};
         offer(d);
     },
     Fate::Refused, 3},
    {"V09: a next outside the indirect table",
     [](VirtioBlk& d, unsigned n) {
         constexpr std::uint16_t kNexts[] = {3, 4, 0x7fff, 0xffff};
         set_indirect(d, address_of(hostile_table), 48);
         hostile_table[0].next = kNexts[n];
         offer(d);
     },
     Fate::Refused, 4},
    {"V09: an indirect table across two pages",
     [](VirtioBlk& d, unsigned) {
         alignas(4096) static std::uint8_t pages[2 * 4096];
         std::uint8_t* const table = &pages[4096 - 24];
         set_indirect(d, address_of(table), 48);
         memcpy(table, hostile_table, 48);
         offer(d);
     },
     Fate::Done},
    {"V09: an indirect table that is the descriptor table, or a ring",
     [](VirtioBlk& d, unsigned n) {
         const std::uint64_t places[] = {d.queue().descriptors_address(),
                                         d.queue().available_address() & ~15ULL,
                                         d.queue().used_address()};
         offer_indirect(d, places[n], 48);
     },
     Fate::Lives, 3},
    {"V09 T06: an indirect table that was not negotiated",
     [](VirtioBlk& d, unsigned) { offer_indirect(d, address_of(hostile_table), 48); },
     Fate::Refused, 1, false, kFeatureEventIndex},
};

// V10: both indices pass the end of their numbers. The chains stay as they are.
void check_wrap() {
    constexpr unsigned kRequests = 70'000;
    constexpr unsigned kInFlight = 64;
    static BlockRequest requests[kInFlight];
    alignas(512) static std::uint64_t data[kWordsPerSector];
    static VirtioBlk disk;
    VirtioBlk::Options options;
    options.features = kFeatureEventIndex;
    options.queue_size = kQueueSizeMax;
    require(disk.start(bench.bdf(), options), "V10: the disk starts");
    Virtqueue& queue = disk.queue();
    for (BlockRequest& request : requests) {
        disk.submit(request, kBlockIn, 0, data, kSectorSize);
    }
    unsigned wrong = 0;
    for (unsigned done = 0; done < kRequests && wrong == 0; ++done) {
        if (!queue.has_used() && !wait_until([&] { return queue.has_used(); })) {
            ++wrong;
            break;
        }
        const UsedElement used = queue.take_used();
        BlockRequest& request = requests[used.id / 3 % kInFlight];
        wrong += request.status == kBlockOk && used.length == kSectorSize + 1 ? 0 : 1;
        request.status = kBlockUntouched;
        queue.publish_head(static_cast<std::uint16_t>(used.id));
        if (queue.wants_notification()) {
            disk.pci().notify(0);
        }
    }
    check_equal(wrong, 0, "V10: 70,000 requests pass the end of the indices");
    check(bench.comes_back(), "V10: and the disk is as before");
}

}  // namespace

void guest_start(const StartInfo* info) {
    begin(info);
    bench.open(*info);
    enter_user_mode();
    bench.run_all(kLoops);
    bench.run_all(kIndices);
    bench.run_all(kShapes);
    bench.run_all(kTables);
    check_wrap();
    finish();
}
