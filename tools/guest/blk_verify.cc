// SPDX-License-Identifier: Apache-2.0
// Writes and reads a disk, several requests under way, and checks every read against the last write
// that was acknowledged, until the power button is pressed. Prints a '+' each 64 requests; at the
// end reads all, and prints "versions" and the version of each chunk as two hexadecimal digits.
#include <cstdint>

#include "tools/guest/blk_common.h"
#include "tools/guest/runtime/io.h"
#include "tools/guest/runtime/print.h"

using namespace siskin::guest;

namespace {

constexpr std::uint16_t kPowerButton = 1U << 8;
constexpr unsigned kSlots = 8;
constexpr unsigned kChunks = 16;  // of each slot; nobody else touches them
constexpr unsigned kChunkSectors = 8;
constexpr std::uint32_t kChunkSize = kChunkSectors * kSectorSize;
constexpr std::uint16_t kDescriptorsPerRequest = 3;
constexpr unsigned kRequestsPerMark = 64;

// What a slot does, over and over: write a chunk, then read one of its chunks.
struct Slot {
    BlockRequest request;
    unsigned chunk;
    bool is_read;
    std::uint8_t versions[kChunks];  // acknowledged
};
Slot slots[kSlots];
alignas(4096) std::uint64_t data[kSlots][kChunkSectors * kWordsPerSector];
unsigned failed = 0;
unsigned wrong = 0;
std::uint64_t random_state = 1;

unsigned random(unsigned below) {
    random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<unsigned>(random_state >> 33) % below;
}

std::uint64_t first_sector(unsigned slot, unsigned chunk) {
    return (std::uint64_t{slot} * kChunks + chunk) * kChunkSectors;
}

std::uint8_t next_version(std::uint8_t version) {
    return static_cast<std::uint8_t>(version == 255 ? 1 : version + 1);
}

void prepare(unsigned number) {
    Slot& slot = slots[number];
    if (slot.is_read) {
        memset(data[number], 0xee, kChunkSize);
    } else {
        fill(data[number], first_sector(number, slot.chunk), kChunkSectors,
             next_version(slot.versions[slot.chunk]));
    }
}

// The chain of a slot stays where it is, whatever the order in which chains come back.
void start_again(VirtioBlk& disk, unsigned number) {
    Slot& slot = slots[number];
    prepare(number);
    slot.request.header.type = slot.is_read ? kBlockIn : kBlockOut;
    slot.request.header.sector = first_sector(number, slot.chunk);
    slot.request.status = kBlockUntouched;
    const auto head = static_cast<std::uint16_t>(number * kDescriptorsPerRequest);
    disk.queue().descriptor(head + 1U).flags =
        slot.is_read ? kDescriptorNext | kDescriptorWrite : kDescriptorNext;
    disk.queue().publish_head(head);
    if (disk.queue().wants_notification()) {
        disk.pci().notify(0);
    }
}

void judge(unsigned number) {
    Slot& slot = slots[number];
    failed += slot.request.status != kBlockOk ? 1 : 0;
    std::uint8_t& version = slot.versions[slot.chunk];
    if (!slot.is_read) {
        version = next_version(version);
    } else if (version != 0 &&
               !matches(data[number], first_sector(number, slot.chunk), kChunkSectors, version)) {
        ++wrong;
        print("\nslot ", number, " chunk ", slot.chunk, " version ", unsigned{version}, " found ",
              Hex{data[number][0]}, '\n');
    }
}

// Until the button is pressed and all has come back.
void run(VirtioBlk& disk, std::uint16_t event_port) {
    for (unsigned number = 0; number < kSlots; ++number) {
        prepare(number);
        disk.submit(slots[number].request, kBlockOut, first_sector(number, 0), data[number],
                    kChunkSize);
    }
    unsigned under_way = kSlots;
    unsigned since_mark = 0;
    bool pressed = false;
    while (under_way != 0) {
        while (!disk.queue().has_used()) {
            pause();
        }
        const unsigned number = disk.queue().take_used().id / kDescriptorsPerRequest;
        require(number < kSlots, "what comes back was under way");
        judge(number);
        if (++since_mark == kRequestsPerMark) {
            since_mark = 0;
            print('+');
            pressed = pressed || (port_read16(event_port) & kPowerButton) != 0;
        }
        if (pressed) {
            --under_way;
            continue;
        }
        slots[number].is_read = !slots[number].is_read;
        slots[number].chunk = random(kChunks);
        start_again(disk, number);
    }
    print('\n');
}

void read_all(VirtioBlk& disk) {
    for (unsigned number = 0; number < kSlots; ++number) {
        for (unsigned chunk = 0; chunk < kChunks; ++chunk) {
            Slot& slot = slots[number];
            slot.chunk = chunk;
            slot.is_read = true;
            slot.request.status =
                disk.run(kBlockIn, first_sector(number, chunk), data[number], kChunkSize);
            judge(number);
        }
    }
    constexpr const char* kDigits = "0123456789abcdef";
    print("versions ");
    for (const Slot& slot : slots) {
        for (const std::uint8_t version : slot.versions) {
            print(kDigits[version >> 4]);
            print(kDigits[version & 15]);
        }
    }
    print('\n');
}

}  // namespace

void guest_start(const StartInfo* info) {
    static Acpi acpi;
    static Bdf disks[kDisksMax];
    static VirtioBlk disk;
    begin(info);
    require(find_expected_disks(*info, acpi, disks) == 1, "there is one disk");
    enter_acpi_mode(acpi);
    port_write16(acpi.pm1_enable_port, kPowerButton);
    VirtioBlk::Options options;
    options.features = kFeatureEventIndex;  // chains that stay want no indirect table
    options.queue_size = 64;
    require(disk.start(disks[0], options), "the disk starts");
    require(disk.capacity() >= first_sector(kSlots, 0), "the disk holds every chunk");
    run(disk, acpi.pm1_event_port);
    read_all(disk);
    check_equal(failed, 0, "every request succeeded");
    check_equal(wrong, 0, "every read brought what was written last");
    finish();
}
