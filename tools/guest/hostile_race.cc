// SPDX-License-Identifier: Apache-2.0
// Two processors: one makes requests, the other changes them meanwhile: descriptors, headers, the
// available ring, or the registers (virtio 1.2 §2.7.13). Command line: seed=N ms=N.
#include <cstdint>

#include "tools/guest/hostile.h"
#include "tools/guest/hostile_mangle.h"
#include "tools/guest/runtime/io.h"

using namespace siskin::guest;

namespace {

constexpr unsigned kChains = 5;  // of three descriptors, in a queue of sixteen
constexpr unsigned kRoundsMax = 1000;
constexpr std::uint64_t kSoonMs = 2;

HostileBench bench;
std::uint64_t seed = 1;

enum class Attack : unsigned { None, Descriptors, Ring, Registers, Interrupts, Done };
volatile unsigned attack_wanted = 0;
volatile unsigned attack_going_on = 0;
volatile std::uint64_t changes = 0;

// About as long as a device takes to read a descriptor.
void wait_a_moment(Random& random) {
    for (unsigned left = random.below(128); left != 0; --left) {
        compiler_barrier();
    }
}

// Wrong for half of the time: what is wrong for longer is refused at the first look.
void change_descriptor(Random& random) {
    volatile Descriptor& entry = bench.disk.queue().descriptor(random.below(3 * kChains));
    const Descriptor right{entry.address, entry.length, entry.flags, entry.next};
    mangle_descriptor(random, entry);
    wait_a_moment(random);
    entry.address = right.address;
    entry.length = right.length;
    entry.flags = right.flags;
    entry.next = right.next;
    mangle_header(random, random.below(kHostileHeaders));
    wait_a_moment(random);
}

// An index that is wrong breaks the ring, so it rarely is.
void change_ring(Random& random) {
    const unsigned at = random.below(1 << 14) == 0 ? random.below(2) : 2 + random.below(18);
    *reinterpret_cast<volatile std::uint16_t*>(bench.disk.queue().available_address() + 2 * at) =
        static_cast<std::uint16_t>(random.below(64) == 0 ? edge_value(random)
                                                         : 3 * random.below(kChains));
}

void change(Random& random, Attack attack) {
    VirtioPci& pci = bench.disk.pci();
    switch (attack) {
        case Attack::Descriptors: change_descriptor(random); break;
        case Attack::Ring: change_ring(random); break;
        case Attack::Registers:
            pci.write16(kCommonQueueSelect, static_cast<std::uint16_t>(edge_value(random)));
            pci.write16(kCommonQueueVector, static_cast<std::uint16_t>(edge_value(random)));
            pci.write32(kCommonQueueDescriptors, static_cast<std::uint32_t>(edge_value(random)));
            if (random.below(64) == 0) {
                pci.write8(kCommonStatus, static_cast<std::uint8_t>(random.below(256)));
            }
            break;
        case Attack::Interrupts:
            static_cast<void>(pci.read_interrupt_status());
            static_cast<void>(mmio_read<std::uint32_t>(pci.interrupt_status()));
            mmio_write<std::uint8_t>(pci.interrupt_status(), 0xff);
            break;
        default: break;
    }
}

void second_main() {
    Random random(seed + 1000);
    while (attack_wanted != static_cast<unsigned>(Attack::Done)) {
        attack_going_on = attack_wanted;
        if (attack_going_on == static_cast<unsigned>(Attack::None)) {
            pause();
            continue;
        }
        change(random, static_cast<Attack>(attack_going_on));
        changes = changes + 1;
    }
    attack_going_on = static_cast<unsigned>(Attack::Done);
}

void set_attack(Attack attack) {
    attack_wanted = static_cast<unsigned>(attack);
    static_cast<void>(wait_until([] { return attack_going_on == attack_wanted; }));
}

// Waits for what was offered; what does not come back soon was passed over, and is `lost`.
void wait_a_little(std::uint16_t& lost) {
    Virtqueue& queue = bench.disk.queue();
    const auto missing = [&] {
        return static_cast<std::uint16_t>(queue.available_index() - queue.used_index());
    };
    static_cast<void>(wait_until([&] { return missing() <= lost; }, kSoonMs));
    lost = missing();
}

bool is_running() {
    return (bench.disk.pci().status() & (kStatusNeedsReset | kStatusDriverOk)) == kStatusDriverOk;
}

std::uint64_t run_attack(Attack attack, std::uint64_t milliseconds, Random& random) {
    Deadline end(milliseconds);
    std::uint64_t rounds = 0;
    unsigned failed = 0;
    while (!end.passed() && failed == 0) {
        if (!bench.start()) {
            ++failed;
            break;
        }
        set_attack(attack);
        std::uint16_t lost = 0;
        for (unsigned round = 0; round < kRoundsMax && !end.passed() && is_running(); ++round) {
            for (unsigned chain = 0; chain < kChains; ++chain) {
                put_request(bench.disk, random, 3 * chain);
                bench.disk.queue().publish_head(static_cast<std::uint16_t>(3 * chain));
            }
            bench.disk.pci().notify(0);
            wait_a_little(lost);
            ++rounds;
        }
        set_attack(Attack::None);
        failed += bench.comes_back() ? 0 : 1;
    }
    set_attack(Attack::None);
    print(rounds, " rounds, ", changes, " changes\n");
    return failed == 0 ? rounds : 0;
}

}  // namespace

void guest_start(const StartInfo* info) {
    begin(info);
    const char* const line = command_line(*info);
    seed = number_word(line, "seed=", 1);
    const std::uint64_t milliseconds = number_word(line, "ms=", 1000);
    bench.open(*info);
    bench.start_second(second_main);
    prepare_attack();
    print("seed ", seed, '\n');
    Random random(seed);
    check(run_attack(Attack::Descriptors, milliseconds, random) != 0,
          "V12: descriptors and headers that change meanwhile do no harm");
    check(run_attack(Attack::Ring, milliseconds, random) != 0,
          "V12: an available ring that changes meanwhile does no harm");
    check(run_attack(Attack::Registers, milliseconds, random) != 0,
          "T01 T02 T03 T05: registers that change meanwhile do no harm");
    check(run_attack(Attack::Interrupts, milliseconds, random) != 0,
          "T14: an interrupt status that is read meanwhile does no harm");
    set_attack(Attack::Done);
    check(changes > 1000, "the other processor was at it");
    check(witness_is_intact(), "V04 V18: no byte changed that no device was lent");
    finish();
}
