// SPDX-License-Identifier: Apache-2.0
// Attacks a disk without a plan: random accesses to its registers and configuration space, random
// rings and requests. Now and then a driver's next step, so that there is something to break.
// Command line: seed=N attacks=N.
#include <cstdint>

#include "tools/guest/hostile.h"
#include "tools/guest/hostile_mangle.h"
#include "tools/guest/runtime/io.h"
#include "tools/guest/runtime/user_mode.h"

using namespace siskin::guest;

namespace {

constexpr std::uint64_t kModernSize = 0x4000;
constexpr std::uint32_t kConfigSpace = 256;
constexpr std::uint64_t kFeatures = kFeatureIndirect | kFeatureEventIndex;

HostileBench bench;
MsixTable msix;
std::uint64_t msix_table = 0;
std::uint32_t saved_config[kConfigSpace / 4];

void save_config() {
    for (std::uint16_t at = 0; at < kConfigSpace; at += 4) {
        saved_config[at / 4] = config_read32(bench.bdf(), at);
    }
}
// The command register last: nothing is decoded while BARs are half written.
void restore_config() {
    config_write32(bench.bdf(), kPciCommand, 0);
    for (std::uint16_t at = 8; at < kConfigSpace; at += 4) {
        config_write32(bench.bdf(), at, saved_config[at / 4]);
    }
    config_write32(bench.bdf(), kPciCommand, saved_config[kPciCommand / 4]);
}

// An access of 1 << `width_log2` bytes.
void touch(std::uint64_t address, unsigned width_log2, bool write, std::uint64_t value) {
    switch (width_log2 << 1 | (write ? 1U : 0U)) {
        case 0: static_cast<void>(mmio_read<std::uint8_t>(address)); break;
        case 1: mmio_write(address, static_cast<std::uint8_t>(value)); break;
        case 2: static_cast<void>(mmio_read<std::uint16_t>(address)); break;
        case 3: mmio_write(address, static_cast<std::uint16_t>(value)); break;
        case 4: static_cast<void>(mmio_read<std::uint32_t>(address)); break;
        case 5: mmio_write(address, static_cast<std::uint32_t>(value)); break;
        case 6: static_cast<void>(mmio_read<std::uint64_t>(address)); break;
        default: mmio_write(address, value); break;
    }
}

// A message may be of any vector, but of no kind that stops this processor (fixed delivery).
void touch_vectors(Random& random) {
    const std::uint64_t at = 4 * random.below(4 * msix.size());
    const auto value = static_cast<std::uint32_t>(edge_value(random));
    mmio_write<std::uint32_t>(msix_table + at, at % 16 == 8 ? value & 0x80ff : value);
}

void touch_config(Random& random) {
    const std::uint16_t at = static_cast<std::uint16_t>(random.below(kConfigSpace));
    const std::uint64_t place =
        bench.acpi.ecam.base + (std::uint64_t{bench.bdf().number} << 12) + at;
    touch(place, random.below(4), random.below(2) == 0, edge_value(random));
}

void attack_ring(Random& random) {
    Virtqueue& queue = bench.disk.queue();
    const unsigned first = 3 * random.below(5);
    put_request(bench.disk, random, first);
    for (unsigned count = random.below(4); count != 0; --count) {
        mangle_descriptor(random, queue.descriptor(first + random.below(3)));
    }
    if (random.below(8) == 0) {
        mangle_header(random, random.below(kHostileHeaders));
    }
    queue.publish_head(
        static_cast<std::uint16_t>(random.below(32) == 0 ? edge_value(random) : first));
    if (random.below(64) == 0) {
        queue.set_available_index(static_cast<std::uint16_t>(edge_value(random)));
    }
    bench.disk.pci().notify(0);
}

bool start_again() {
    restore_config();
    static_cast<void>(msix.open(bench.bdf()));
    return bench.start(kFeatures);
}

bool attack(Random& random) {
    const std::uint64_t common = bench.disk.pci().common();
    switch (random.below(8)) {
        case 0:
        case 1: attack_ring(random); break;
        case 2: touch(common + random.below(64), random.below(4), true, edge_value(random)); break;
        case 3:
            touch(common + random.below(kModernSize - 8), random.below(4), random.below(2) == 0,
                  edge_value(random));
            break;
        case 4: touch_config(random); break;
        case 5: touch_vectors(random); break;
        case 6: bench.disk.pci().notify(static_cast<std::uint16_t>(random.below(4))); break;
        default: return random.below(8) != 0 || start_again();
    }
    return true;
}

}  // namespace

void guest_start(const StartInfo* info) {
    begin(info);
    const char* const line = command_line(*info);
    const std::uint64_t seed = number_word(line, "seed=", 1);
    const std::uint64_t attacks = number_word(line, "attacks=", 10'000);
    bench.open(*info);
    require(msix.open(bench.bdf()), "the disk has vectors");
    msix_table = bar_address(bench.bdf(), 1);
    save_config();
    enter_user_mode();
    prepare_attack();
    Random random(seed);
    bool restarts = true;
    std::uint64_t count = 0;
    for (; count < attacks && restarts; ++count) {
        restarts = attack(random);
    }
    print("seed ", seed, ", ", count, " attacks\n");
    check(restarts, "V01 V12 T12: each new start works, whatever came before");
    check(start_again() && bench.comes_back(), "V01 V12 T12: and the disk is as before");
    check(witness_is_intact(), "V04 V18: no byte changed that no device was lent");
    finish();
}
