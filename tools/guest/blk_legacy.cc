// SPDX-License-Identifier: Apache-2.0
// Drives every virtio-blk disk by its legacy interface (virtio 1.2 §4.1.4.10), with its ports
// alone, by polling. Command line: disks=N prefilled.
#include <cstdint>

#include "tools/guest/blk_common.h"
#include "tools/guest/runtime/io.h"
#include "tools/guest/runtime/print.h"

using namespace siskin::guest;

namespace {

constexpr std::uint16_t kDeviceFeatures = 0;
constexpr std::uint16_t kDriverFeatures = 4;
constexpr std::uint16_t kQueueAddress = 8;
constexpr std::uint16_t kQueueSize = 12;
constexpr std::uint16_t kQueueSelect = 14;
constexpr std::uint16_t kQueueNotify = 16;
constexpr std::uint16_t kStatus = 18;
constexpr std::uint16_t kIsr = 19;
constexpr std::uint16_t kConfig = 20;

constexpr unsigned kSectorsPerRound = 8;
constexpr unsigned kFirstSector = 8;
constexpr std::uint16_t kSize = 256;
alignas(4096) std::uint64_t buffer[kSectorsPerRound * kWordsPerSector];

class LegacyDisk {
public:
    bool start(std::uint16_t ports) {
        ports_ = ports;
        reset();
        port_write8(at(kStatus), 1);
        port_write8(at(kStatus), 3);
        const std::uint32_t offered = port_read32(at(kDeviceFeatures));
        port_write32(at(kDriverFeatures), offered & kBlockFeatureFlush);
        port_write16(at(kQueueSelect), 0);
        if (!check_equal(port_read16(at(kQueueSize)), kSize, "queue 0 has 256 entries") ||
            !check_equal(port_read32(at(kQueueAddress)), 0, "and no address yet")) {
            return false;
        }
        queue_.set_up(kSize, Virtqueue::Options{});
        const std::uint64_t page = queue_.descriptors_address() / 4096;
        port_write32(at(kQueueAddress), static_cast<std::uint32_t>(page));
        check_equal(port_read32(at(kQueueAddress)), page, "the address is taken");
        port_write8(at(kStatus), 7);
        return check_equal(port_read8(at(kStatus)), 7, "the disk starts");
    }
    // No wait behind it: a legacy reset is done when the write is.
    void reset() {
        port_write8(at(kStatus), 0);
        check_equal(port_read8(at(kStatus)), 0, "a reset is done at once");
    }
    void submit(BlockRequest& request, std::uint32_t type, std::uint64_t sector, void* data,
                std::uint32_t size) {
        request.header = BlockRequest::Header{type, 0, sector};
        request.status = kBlockUntouched;
        const Buffer with_data[] = {{&request.header, sizeof(request.header), false},
                                    {data, size, type == kBlockIn},
                                    {&request.status, 1, true}};
        const Buffer without[] = {with_data[0], with_data[2]};
        queue_.add(size == 0 ? without : with_data, size == 0 ? 2 : 3);
        if (queue_.wants_notification()) {
            port_write16(at(kQueueNotify), 0);
        }
    }
    std::uint8_t run(std::uint32_t type, std::uint64_t sector, void* data, std::uint32_t size) {
        static BlockRequest request;
        submit(request, type, sector, data, size);
        if (!wait_until([this] { return queue_.has_used(); })) {
            return kBlockLost;
        }
        static_cast<void>(queue_.take_used());
        return request.status;
    }
    [[nodiscard]] std::uint64_t capacity() const {
        return port_read32(at(kConfig)) | std::uint64_t{port_read32(at(kConfig + 4))} << 32;
    }
    [[nodiscard]] std::uint8_t isr() const { return port_read8(at(kIsr)); }
    void want_interrupts() { queue_.set_interrupts(true); }
    [[nodiscard]] const Virtqueue& queue() const { return queue_; }

private:
    [[nodiscard]] std::uint16_t at(unsigned offset) const {
        return static_cast<std::uint16_t>(ports_ + offset);
    }

    std::uint16_t ports_ = 0;
    Virtqueue queue_;
};

void check_requests(LegacyDisk& disk, const char* line) {
    constexpr std::uint32_t kBytes = kSectorsPerRound * kSectorSize;
    check_equal(disk.run(kBlockIn, 0, buffer, kBytes), kBlockOk, "a read succeeds");
    if (has_word(line, "prefilled")) {
        check(matches(buffer, 0, kSectorsPerRound, 0), "it brings what the host filled in");
    }
    fill(buffer, kFirstSector, kSectorsPerRound, 1);
    check_equal(disk.run(kBlockOut, kFirstSector, buffer, kBytes), kBlockOk, "a write succeeds");
    check_equal(disk.run(kBlockFlush, 0, nullptr, 0), kBlockOk, "a flush succeeds");
    memset(buffer, 0, sizeof(buffer));
    check_equal(disk.run(kBlockIn, kFirstSector, buffer, kBytes), kBlockOk, "a read succeeds");
    check(matches(buffer, kFirstSector, kSectorsPerRound, 1), "it brings what was written");
    unsigned failures = 0;
    for (unsigned i = 0; i < 1000; ++i) {  // several times around the ring
        failures += disk.run(kBlockIn, i % 8, buffer, kSectorSize) == kBlockOk ? 0U : 1U;
    }
    check_equal(failures, 0, "a thousand reads succeed");
    check_equal(disk.run(kBlockIn, disk.capacity(), buffer, kSectorSize), kBlockIoError,
                "a read behind the end is an I/O error");
    check_equal(disk.isr(), 0, "without a wish for interrupts the ISR tells of none");
    disk.want_interrupts();
    check_equal(disk.run(kBlockIn, 0, buffer, kSectorSize), kBlockOk, "a read succeeds");
    // It follows the used ring.
    check(wait_until([&disk] { return disk.isr() == 1; }), "the ISR tells of the queue");
    check_equal(disk.isr(), 0, "and is cleared by the read");
}

// What is under way at a reset is over when the reset is.
void check_resets(LegacyDisk& disk, std::uint16_t ports) {
    constexpr unsigned kCount = 16;
    static BlockRequest requests[kCount];
    unsigned late = 0;
    for (unsigned round = 0; round < 20; ++round) {
        for (BlockRequest& request : requests) {
            disk.submit(request, kBlockIn, 0, buffer, kSectorSize);
        }
        disk.reset();
        const std::uint16_t used = disk.queue().used_index();
        memset(buffer, 0x5a, sizeof(buffer));
        for (unsigned i = 0; i < 1000; ++i) {
            pause();
        }
        late += disk.queue().used_index() == used && buffer[0] == 0x5a5a5a5a5a5a5a5a ? 0U : 1U;
        if (!disk.start(ports)) {
            return;
        }
    }
    check_equal(late, 0, "nothing is written after a reset");
}

void check_disk(Bdf bdf, const char* line) {
    static LegacyDisk disks[kDisksMax];
    static unsigned next = 0;
    LegacyDisk& disk = disks[next++];
    print("disk ");
    print_bdf(bdf);
    print('\n');
    check_equal(config_read32(bdf, kPciVendor), 0x10011af4, "it has the transitional identity");
    const BarInfo bar = read_bar(bdf, 0);
    if (!check(!bar.memory && bar.size == 128 && bar.address != 0, "BAR 0 is 128 ports")) {
        return;
    }
    const auto ports = static_cast<std::uint16_t>(bar.address);
    if (!disk.start(ports)) {
        return;
    }
    print("  ports ", Hex{ports}, " sectors ", disk.capacity(), '\n');
    check_requests(disk, line);
    check_resets(disk, ports);
    check_equal(disk.run(kBlockIn, 0, buffer, kSectorSize), kBlockOk, "a last read succeeds");
    disk.reset();
}

}  // namespace

void guest_start(const StartInfo* info) {
    static Acpi acpi;
    static Bdf disks[kDisksMax];
    begin(info);
    const unsigned count = find_expected_disks(*info, acpi, disks);
    for (unsigned i = 0; i < count; ++i) {
        check_disk(disks[i], command_line(*info));
    }
    finish();
}
