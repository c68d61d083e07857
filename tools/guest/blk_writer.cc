// SPDX-License-Identifier: Apache-2.0
// Writes self-describing sectors to a disk, several requests under way, with flushes, discards and
// zeroes between them, until it is killed. Its log is in its own memory, where the host finds it
// when that memory is a file: what goes to the debug port may be on its way yet when the monitor is
// killed. Prints "log at <address> now", then a '+' each 8 requests. Command line: run=N, seed=N,
// through (the write cache is off), switched (by turns), count=N (ends after so many).
#include <cstdint>

#include "tools/guest/blk_common.h"
#include "tools/guest/runtime/io.h"
#include "tools/guest/runtime/print.h"
#include "tools/guest/sector_writer.h"

using namespace siskin::guest;

namespace {

constexpr std::uint64_t kFeatureConfigWce = 1ULL << 11;
constexpr std::uint64_t kWriteback = 32;  // of the configuration space (virtio 1.2 §5.2.4)
constexpr unsigned kRequestsPerMark = 8;
constexpr std::uint16_t kDescriptorsPerRequest = 3;

WriterLog writer_log;
alignas(4096) std::uint64_t data[SectorWriter::kSlots][SectorWriter::kSectorsMax * kStampedWords];
BlockRequest requests[SectorWriter::kSlots];
unsigned failed = 0;

std::uint32_t type_of(WriterEvent event) {
    switch (event) {
        case WriterEvent::Write: return kBlockOut;
        case WriterEvent::WriteZeroes: return kBlockWriteZeroes;
        case WriterEvent::Discard: return kBlockDiscard;
        default: return kBlockFlush;
    }
}

// The data of a request, and its size.
std::uint32_t prepare(SectorWriter& writer, const SectorWriter::Request& request,
                      std::uint64_t* words) {
    if (request.event == WriterEvent::Write) {
        writer.fill(request, words);
        return request.sectors * kSectorSize;
    }
    if (request.event == WriterEvent::Flush) {
        return 0;
    }
    const bool unmap = request.event == WriterEvent::WriteZeroes && writer.random(2) == 0;
    *reinterpret_cast<BlockRange*>(words) =
        BlockRange{request.sector, request.sectors, unmap ? 1U : 0U};
    return sizeof(BlockRange);
}

// Each slot has descriptors of its own: requests come back in any order.
void put_chain(Virtqueue& queue, unsigned slot, std::uint32_t size) {
    const auto head = static_cast<std::uint16_t>(slot * kDescriptorsPerRequest);
    const auto put = [&queue](unsigned index, const volatile void* at, std::uint32_t length,
                              std::uint16_t flags, unsigned next) {
        volatile Descriptor& descriptor = queue.descriptor(index);
        descriptor.address = reinterpret_cast<std::uint64_t>(at);
        descriptor.length = length;
        descriptor.flags = flags;
        descriptor.next = static_cast<std::uint16_t>(next);
    };
    BlockRequest& request = requests[slot];
    put(head, &request.header, sizeof(request.header), kDescriptorNext,
        size == 0 ? head + 2U : head + 1U);
    put(head + 1U, data[slot], size, kDescriptorNext, head + 2U);
    put(head + 2U, &request.status, 1, kDescriptorWrite, 0);
    queue.publish_head(head);
}

// False: the log is full.
bool submit(VirtioBlk& disk, SectorWriter& writer, unsigned slot) {
    const SectorWriter::Request& request = writer.begin(slot);
    if (request.event == WriterEvent::None) {
        return false;
    }
    const std::uint32_t size = prepare(writer, request, data[slot]);
    requests[slot].header = BlockRequest::Header{
        type_of(request.event), 0, request.event == WriterEvent::Write ? request.sector : 0};
    requests[slot].status = kBlockUntouched;
    put_chain(disk.queue(), slot, size);
    if (disk.queue().wants_notification()) {
        disk.pci().notify(0);
    }
    return true;
}

// The log never says of a write that it is durable before the device was told.
void set_write_through(VirtioBlk& disk, SectorWriter& writer, bool on) {
    if (!on) {
        writer.set_write_through(false);
    }
    mmio_write<std::uint8_t>(disk.pci().device_config() + kWriteback, on ? 0 : 1);
    if (on) {
        writer.set_write_through(true);
    }
}

// The slot whose request came back.
unsigned wait_for_one(VirtioBlk& disk) {
    while (!disk.queue().has_used()) {
        pause();
    }
    const unsigned slot = disk.queue().take_used().id / kDescriptorsPerRequest;
    if (slot >= SectorWriter::kSlots) {
        require(false, "what comes back was under way");
    }
    return slot;
}

void run(VirtioBlk& disk, SectorWriter& writer, bool switched, std::uint64_t count) {
    bool through = false;
    std::uint64_t started = 0;
    std::uint64_t finished = 0;
    for (bool more = true; more || finished < started;) {
        for (unsigned slot = 0; more && slot < SectorWriter::kSlots; ++slot) {
            if (writer.is_idle(slot)) {
                more = started < count && submit(disk, writer, slot);
                started += more ? 1 : 0;
            }
        }
        if (finished < started) {
            const unsigned slot = wait_for_one(disk);
            const bool succeeded = requests[slot].status == kBlockOk;
            writer.end(slot, succeeded);
            failed += succeeded ? 0 : 1;
            ++finished;
            if (finished % kRequestsPerMark == 0) {
                print('+');
            }
        }
        if (switched && writer.random(16) == 0) {
            through = !through;
            set_write_through(disk, writer, through);
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
    const char* const line = command_line(*info);
    require(find_expected_disks(*info, acpi, disks) == 1, "there is one disk");
    VirtioBlk::Options options;
    options.features =
        kFeatureEventIndex | kFeatureConfigWce | kBlockFeatureDiscard | kBlockFeatureWriteZeroes;
    options.queue_size = 64;
    require(disk.start(disks[0], options), "the disk starts");
    SectorWriter::Options load;
    load.run = static_cast<std::uint32_t>(number_word(line, "run=", 1));
    load.seed = number_word(line, "seed=", 1);
    load.disk_sectors = disk.capacity();
    require(load.disk_sectors >= SectorWriter::kSectorsMax, "the disk holds the largest write");
    SectorWriter writer(load, writer_log);
    if (has_word(line, "through")) {
        set_write_through(disk, writer, true);
    }
    print("log at ", Hex{reinterpret_cast<std::uint64_t>(&writer_log)}, " now\n");
    run(disk, writer, has_word(line, "switched"), number_word(line, "count=", ~0ULL));
    check_equal(failed, 0, "every request succeeded");
    finish();
}
