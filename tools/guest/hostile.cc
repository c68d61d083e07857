// SPDX-License-Identifier: Apache-2.0
// The bench of the hostile guests.
#include "tools/guest/hostile.h"

#include "tools/guest/hostile_requests.h"
#include "tools/guest/runtime/interrupts.h"
#include "tools/guest/runtime/io.h"
#include "tools/guest/runtime/smp.h"
#include "tools/guest/runtime/user_mode.h"

namespace siskin::guest {

alignas(4096) std::uint8_t hostile_canary_before[4096];
alignas(4096) std::uint8_t hostile_buffer[4096];
alignas(4096) std::uint8_t hostile_canary_after[4096];

namespace {

constexpr std::uint8_t kCanary = 0xc5;
constexpr std::uint64_t kSettleMs = 20;  // for what a good disk answers in microseconds
std::uint64_t first_sector[kWordsPerSector];
alignas(4096) std::uint64_t read_buffer[kWordsPerSector];

bool all_canary(const std::uint8_t* bytes) {
    return bytes[0] == kCanary && memcmp(bytes, bytes + 1, 4095) == 0;
}

std::uint64_t end_of_low_memory(const StartInfo& info) {
    const auto* const map = reinterpret_cast<const MemoryMapEntry*>(info.memory_map_address);
    std::uint64_t end = 0;
    for (std::uint32_t i = 0; i < info.memory_map_entry_count; ++i) {
        const std::uint64_t entry_end = map[i].address + map[i].size;
        if (map[i].type == kMemoryTypeRam && entry_end < 0xffffffff && entry_end > end) {
            end = entry_end;
        }
    }
    return end;
}

void (*second_entry)() = nullptr;
volatile bool second_is_there = false;

void second_main() {
    enter_user_mode();
    second_is_there = true;
    second_entry();
    for (;;) {  // ring 3 does not halt
        pause();
    }
}

}  // namespace

bool HostileBench::canaries_intact() {
    return all_canary(hostile_canary_before) && all_canary(hostile_canary_after);
}

bool HostileBench::is_first_sector(const void* bytes) const {
    return memcmp(bytes, first_sector, kSectorSize) == 0;
}

bool HostileBench::start(std::uint64_t features) {
    VirtioBlk::Options options;
    options.queue_size = kQueueSize;
    options.features = features;
    hostile_request.status = kBlockUntouched;
    return disk.start(bdf_, options);
}

bool HostileBench::good_read() {
    memset(read_buffer, 0, sizeof(read_buffer));
    return disk.run(kBlockIn, 0, read_buffer, kSectorSize) == kBlockOk &&
           disk.last_used_length() == kSectorSize + 1 && is_first_sector(read_buffer);
}

void HostileBench::open(const StartInfo& info) {
    const unsigned count = find_expected_disks(info, acpi, disks_);
    require(count != 0, "there is a disk to be hostile to");
    for (unsigned index = 1; index < count; ++index) {
        VirtioPci other;
        require(other.open(disks_[index]), "another disk has its registers");
    }
    gentle_ = has_word(command_line(info), "gentle");
    memory_end_ = end_of_low_memory(info);
    memset(hostile_canary_before, kCanary, 4096);
    memset(hostile_canary_after, kCanary, 4096);
    bdf_ = disks_[0];
    require(start(), "the disk starts");
    require(disk.run(kBlockIn, 0, first_sector, kSectorSize) == kBlockOk, "a read succeeds");
}

void HostileBench::start_second(void (*entry)()) {
    install_interrupt_table();
    enable_local_apic();
    const std::uint32_t own = local_apic_id();
    require(acpi.processor_count == 2, "there are two processors");
    second_entry = entry;
    start_processor(acpi.processor_apic_ids[acpi.processor_apic_ids[0] == own ? 1 : 0],
                    second_main);
    require(wait_until([] { return second_is_there; }), "the second processor starts");
    enter_user_mode();
}

void HostileBench::use_disk(unsigned index) {
    static_cast<void>(disk.pci().reset());
    bdf_ = disks_[index];
}

void HostileBench::settle(Fate fate) {
    const bool may_be_silent = gentle_ || fate == Fate::Open || fate == Fate::PassedOver;
    static_cast<void>(wait_until(
        [this] {
            return disk.queue().has_used() || (disk.pci().status() & kStatusNeedsReset) != 0;
        },
        may_be_silent ? kSettleMs : kPatienceMs));
}

bool HostileBench::serves_on() {
    // All that comes back has come back.
    Virtqueue& queue = disk.queue();
    static_cast<void>(
        wait_until([&] { return queue.used_index() == queue.available_index(); }, kSettleMs));
    while (queue.has_used()) {
        static_cast<void>(queue.take_used());
    }
    return (disk.pci().status() & kStatusNeedsReset) == 0 && good_read();
}

// §2.1.2: what needs a reset has stopped.
bool HostileBench::takes_nothing() {
    const std::uint16_t before = disk.queue().used_index();
    set_good_read(disk);
    disk.queue().set_available_index(static_cast<std::uint16_t>(before + 1));
    disk.pci().notify(0);
    Deadline deadline(kSettleMs / 4);
    while (!deadline.passed()) {
        pause();
    }
    return disk.queue().used_index() == before && hostile_request.status == kBlockUntouched;
}

bool HostileBench::ended_in(Fate fate) {
    const bool broken = (disk.pci().status() & kStatusNeedsReset) != 0;
    const bool used = disk.queue().has_used();
    const std::uint8_t status = hostile_request.status;
    switch (fate) {
        case Fate::Open: return true;
        case Fate::Lives: return !broken;
        case Fate::Done: return used && status == kBlockOk && is_first_sector(hostile_buffer);
        case Fate::Fails: return used && status == kBlockIoError;
        case Fate::Unsupported: return used && status == kBlockUnsupported;
        case Fate::Refused:
            return used && status == kBlockUntouched && disk.queue().take_used().length == 0;
        case Fate::PassedOver: return !used && !broken;
        case Fate::Breaks: return broken && !used && takes_nothing();
    }
    return false;
}

bool HostileBench::comes_back() {
    return disk.pci().reset() && start() && good_read() && canaries_intact();
}

bool HostileBench::run_once(const Violation& violation, unsigned number) {
    if (!start(violation.features)) {
        return false;
    }
    violation.commit(disk, number);
    settle(violation.fate);
    if (gentle_) {
        return comes_back();
    }
    const bool lives = violation.fate != Fate::Open && violation.fate != Fate::Breaks;
    const bool right = ended_in(violation.fate);
    if (!right) {
        print("status ", Hex{disk.pci().status(), 2}, ", ", unsigned{disk.queue().used_index()},
              " used, the request's ", Hex{hostile_request.status, 2}, '\n');
    }
    return right && (!lives || serves_on()) && comes_back();
}

void HostileBench::run(const Violation& violation) {
    if (gentle_ && violation.hangs_qemu) {
        print("left out: ", violation.name, '\n');
        return;
    }
    unsigned wrong = 0;
    for (unsigned number = 0; number < violation.count; ++number) {
        if (!run_once(violation, number)) {
            print("number ", number, " went wrong\n");
            ++wrong;
        }
    }
    check(wrong == 0, violation.name);
}

}  // namespace siskin::guest
