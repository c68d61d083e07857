// SPDX-License-Identifier: Apache-2.0
// Drives virtio-blk by MSI-X: counts interrupts, halts for one, and holds masked vectors to the
// rule that they stay pending and are delivered once (PCI 3.0 §6.8.3.4). Command line: queues=N.
#include <cstdint>

#include "tools/guest/blk_common.h"
#include "tools/guest/runtime/interrupts.h"
#include "tools/guest/runtime/io.h"
#include "tools/guest/runtime/print.h"

using namespace siskin::guest;

namespace {

constexpr std::uint8_t kBaseVector = 0x40;
constexpr unsigned kConfigEntry = 0;  // queue n has entry n + 1
volatile std::uint32_t interrupt_counts[256];

void count_interrupt(std::uint8_t vector) {
    interrupt_counts[vector] = interrupt_counts[vector] + 1;
}

std::uint32_t count_of(unsigned queue) {
    return interrupt_counts[kBaseVector + queue + 1];
}

// Long enough for a stray interrupt to show itself.
void let_time_pass() {
    Deadline deadline(20);
    while (!deadline.passed()) {
        pause();
    }
}

BlockRequest request;
alignas(512) std::uint64_t buffer[kWordsPerSector];

void start_read(VirtioBlk& disk, unsigned queue) {
    disk.submit(request, kBlockIn, queue, buffer, kSectorSize, queue);
}

bool wait_used(VirtioBlk& disk, unsigned queue) {
    return wait_until([&] { return disk.queue(queue).has_used(); });
}

void check_interrupts(VirtioBlk& disk, unsigned queue) {
    constexpr unsigned kRequests = 20;
    unsigned missing = 0;
    for (unsigned i = 0; i < kRequests; ++i) {
        const std::uint32_t before = count_of(queue);
        start_read(disk, queue);
        const bool came = wait_until([&] { return count_of(queue) != before; });
        missing += came && disk.queue(queue).has_used() ? 0 : 1;
        static_cast<void>(disk.queue(queue).take_used());
    }
    check_equal(missing, 0, "each of twenty requests raises its queue's interrupt");
    check_equal(request.status, kBlockOk, "the last one succeeded");
    let_time_pass();
    check_equal(count_of(queue), kRequests, "twenty interrupts and not one more");
}

void check_halt(VirtioBlk& disk, unsigned queue) {
    disable_interrupts();
    const std::uint32_t before = count_of(queue);
    start_read(disk, queue);
    while (count_of(queue) == before) {
        enable_interrupts_and_halt();
        disable_interrupts();
    }
    enable_interrupts();
    check(disk.queue(queue).has_used(), "an interrupt ends hlt");
    static_cast<void>(disk.queue(queue).take_used());
}

// `mask` and `unmask` work on the vector or on the whole function.
template <typename Mask, typename Unmask>
void check_masked(VirtioBlk& disk, const MsixTable& msix, unsigned queue, Mask mask,
                  Unmask unmask) {
    const std::uint32_t before = count_of(queue);
    check(!msix.pending(queue + 1), "no interrupt is pending before");
    mask();
    start_read(disk, queue);
    check(wait_used(disk, queue), "the request finishes while its vector is masked");
    static_cast<void>(disk.queue(queue).take_used());
    let_time_pass();
    check_equal(count_of(queue), before, "a masked vector stays silent");
    check(msix.pending(queue + 1), "its pending bit is set");
    unmask();
    check(wait_until([&] { return count_of(queue) != before; }), "unmasking delivers it");
    let_time_pass();
    check_equal(count_of(queue), before + 1, "once");
    check(!msix.pending(queue + 1), "the pending bit is clear again");

    mask();
    unmask();
    let_time_pass();
    check_equal(count_of(queue), before + 1, "masking and unmasking alone delivers nothing");
    start_read(disk, queue);
    check(wait_until([&] { return count_of(queue) == before + 2; }),
          "the next request interrupts again");
    static_cast<void>(disk.queue(queue).take_used());
}

void check_without_vector(VirtioBlk& disk, Bdf bdf, VirtioBlk::Options options) {
    options.first_vector = kNoVector;
    const std::uint32_t before = count_of(0);
    check(disk.start(bdf, options), "the disk starts without vectors");
    disk.queue(0).set_interrupts(true);
    start_read(disk, 0);
    check(wait_used(disk, 0), "a request finishes without a vector");
    let_time_pass();
    check_equal(count_of(0), before, "and interrupts nobody");
}

void check_disk(Bdf bdf, const char* line) {
    static VirtioBlk disk;
    static MsixTable msix;
    VirtioBlk::Options options;
    options.features = ring_features(line);
    options.queues = VirtioBlk::kQueuesMax;
    options.first_vector = kConfigEntry + 1;
    const auto queues = static_cast<unsigned>(number_word(line, "queues=", 1));
    for (volatile std::uint32_t& count : interrupt_counts) {
        count = 0;
    }
    if (!check(msix.open(bdf) && msix.size() > queues, "the disk has a vector for each queue")) {
        return;
    }
    for (unsigned entry = 0; entry <= queues; ++entry) {
        msix.set(entry, msi_address(local_apic_id()), kBaseVector + entry, false);
    }
    msix.enable(false);
    if (!check(disk.start(bdf, options), "the disk starts")) {
        return;
    }
    check_equal(disk.started_queues(), queues, "it has its queues");
    for (unsigned queue = 0; queue < disk.started_queues(); ++queue) {
        print("queue ", queue, '\n');
        check_interrupts(disk, queue);
        check_halt(disk, queue);
        check_masked(
            disk, msix, queue, [&] { msix.set_masked(queue + 1, true); },
            [&] { msix.set_masked(queue + 1, false); });
        check_masked(
            disk, msix, queue, [] { msix.enable(true); }, [] { msix.enable(false); });
    }
    check_equal(interrupt_counts[kBaseVector + kConfigEntry], 0, "no configuration interrupt");
    check_without_vector(disk, bdf, options);
    check(disk.pci().reset(), "the disk resets");
}

}  // namespace

void guest_start(const StartInfo* info) {
    static Acpi acpi;
    static Bdf disks[kDisksMax];
    begin(info);
    install_interrupt_table();
    enable_local_apic();
    for (unsigned i = 0; i <= VirtioBlk::kQueuesMax; ++i) {
        set_interrupt_handler(static_cast<std::uint8_t>(kBaseVector + i), count_interrupt);
    }
    enable_interrupts();
    const unsigned count = find_expected_disks(*info, acpi, disks);
    for (unsigned i = 0; i < count; ++i) {
        check_disk(disks[i], command_line(*info));
    }
    finish();
}
