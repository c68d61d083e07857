// SPDX-License-Identifier: Apache-2.0
// Drives virtio-blk disks by INTx: level interrupts, one line for several disks (PCI Local Bus 3.0
// §2.2.6). Command line: disks=N, requests=N; `shared`: all disks must have one line.
#include <cstdint>

#include "tools/guest/blk_common.h"
#include "tools/guest/runtime/interrupts.h"
#include "tools/guest/runtime/io.h"
#include "tools/guest/runtime/print.h"

using namespace siskin::guest;

namespace {

constexpr std::uint8_t kVector = 0x40;
constexpr std::uint16_t kInterruptLine = 0x3c;
constexpr std::uint16_t kCommandInterruptDisable = 1U << 10;
constexpr std::uint16_t kStatusInterrupt = 1U << 3;
constexpr unsigned kMostDisks = 4;

VirtioBlk disks[kMostDisks];
Bdf places[kDisksMax];
unsigned disk_count = 0;

volatile std::uint32_t interrupts = 0;  // all that came
volatile std::uint32_t without_cause = 0;
volatile std::uint32_t served[kMostDisks];
volatile std::uint32_t left_unread = 0;  // so many of the next are not acknowledged

// As a driver of a shared line: asks each disk, and the one that was it counts.
void on_interrupt(std::uint8_t /*vector*/) {
    interrupts = interrupts + 1;
    if (left_unread != 0) {
        left_unread = left_unread - 1;
        return;
    }
    bool any = false;
    for (unsigned index = 0; index < disk_count; ++index) {
        if ((disks[index].pci().read_interrupt_status() & 1) != 0) {
            served[index] = served[index] + 1;
            any = true;
        }
    }
    without_cause = without_cause + (any ? 0 : 1);
}

void let_time_pass() {
    Deadline deadline(20);
    while (!deadline.passed()) {
        pause();
    }
}

BlockRequest requests[kMostDisks];
alignas(512) std::uint64_t buffers[kMostDisks][kWordsPerSector];

void start_read(unsigned index) {
    disks[index].submit(requests[index], kBlockIn, index, buffers[index], kSectorSize);
}

void take(unsigned index) {
    static_cast<void>(disks[index].queue().take_used());
}

// One request after the other; the time it takes goes to the report.
void check_requests(unsigned index, unsigned count) {
    const std::uint32_t before = served[index];
    unsigned missing = 0;
    const std::uint32_t begin = read_pm_timer();
    for (unsigned request = 0; request < count; ++request) {
        const std::uint32_t already = served[index];
        start_read(index);
        missing += wait_until([&] { return served[index] != already; }) ? 0 : 1;
        missing += disks[index].queue().has_used() ? 0 : 1;
        take(index);
    }
    const std::uint32_t ticks = (read_pm_timer() - begin) & 0xff'ffff;
    check_equal(missing, 0, "each request raises the line");
    let_time_pass();
    check_equal(served[index] - before, count, "as many causes as requests");
    print("disk ", index, ": ", count, " requests took ", ticks, " timer ticks\n");
}

void check_all_at_once() {
    std::uint32_t before[kMostDisks];
    disable_interrupts();
    for (unsigned index = 0; index < disk_count; ++index) {
        before[index] = served[index];
        start_read(index);
    }
    for (unsigned index = 0; index < disk_count; ++index) {
        check(wait_until([&] { return disks[index].queue().has_used(); }), "the request finishes");
    }
    let_time_pass();
    enable_interrupts();
    for (unsigned index = 0; index < disk_count; ++index) {
        check(wait_until([&] { return served[index] == before[index] + 1; }),
              "the disk's cause is found on the line");
        take(index);
    }
}

void check_unread(unsigned index) {
    constexpr unsigned kUnread = 5;
    const std::uint32_t before = interrupts;
    const std::uint32_t already = served[index];
    left_unread = kUnread;
    start_read(index);
    check(wait_until([&] { return interrupts - before > kUnread; }),
          "a cause that nobody reads keeps the line up");
    check(wait_until([&] { return served[index] == already + 1; }), "until it is read");
    take(index);
    let_time_pass();
    check_equal(served[index], already + 1, "which it is once");
}

void check_disabled(unsigned index) {
    const std::uint32_t before = served[index];
    const std::uint16_t command = config_read16(places[index], kPciCommand);
    config_write16(places[index], kPciCommand,
                   static_cast<std::uint16_t>(command | kCommandInterruptDisable));
    start_read(index);
    check(wait_until([&] { return disks[index].queue().has_used(); }),
          "a request finishes with interrupts disabled");
    let_time_pass();
    check_equal(served[index], before, "and raises no line");
    check((config_read16(places[index], kPciStatus) & kStatusInterrupt) != 0,
          "its status tells all the same");
    config_write16(places[index], kPciCommand, command);
    check(wait_until([&] { return served[index] == before + 1; }), "enabled, it is delivered");
    take(index);
    check((config_read16(places[index], kPciStatus) & kStatusInterrupt) == 0,
          "the status is clear afterwards");
}

void check_halt(unsigned index) {
    disable_interrupts();
    const std::uint32_t before = served[index];
    start_read(index);
    while (served[index] == before) {
        enable_interrupts_and_halt();
        disable_interrupts();
    }
    enable_interrupts();
    check(disks[index].queue().has_used(), "an interrupt ends hlt");
    take(index);
}

bool start_disk(unsigned index, std::uint64_t io_apic, const char* line) {
    VirtioBlk::Options options;
    options.features = ring_features(line);
    if (!check(disks[index].start(places[index], options), "the disk starts")) {
        return false;
    }
    disks[index].queue().set_interrupts(true);
    const std::uint8_t pin = config_read8(places[index], kInterruptLine);
    print("disk ", index, ": line ", unsigned{pin}, '\n');
    if (has_word(line, "shared")) {
        check_equal(pin, config_read8(places[0], kInterruptLine), "the line is a shared one");
    }
    route_io_apic_level_pin(io_apic, pin, kVector, local_apic_id());
    return true;
}

}  // namespace

void guest_start(const StartInfo* info) {
    static Acpi acpi;
    begin(info);
    install_interrupt_table();
    enable_local_apic();
    set_interrupt_handler(kVector, on_interrupt);
    const char* const line = command_line(*info);
    const unsigned found = find_expected_disks(*info, acpi, places);
    require(found <= kMostDisks, "there are no more disks than this guest knows");
    const auto count = static_cast<unsigned>(number_word(line, "requests=", 50));
    for (unsigned index = 0; index < found; ++index) {
        require(start_disk(index, acpi.io_apic_address, line), "it runs");
    }
    disk_count = found;
    enable_interrupts();
    for (unsigned index = 0; index < found; ++index) {
        check_requests(index, count);
        check_halt(index);
        check_unread(index);
        check_disabled(index);
    }
    for (unsigned round = 0; round < 20; ++round) {
        check_all_at_once();
    }
    // How many had none is the host kernel's affair: some bring an interrupt twice.
    print("interrupts ", unsigned{interrupts}, ", without cause ", unsigned{without_cause}, '\n');
    for (unsigned index = 0; index < found; ++index) {
        check(disks[index].pci().reset(), "the disk resets");
    }
    finish();
}
