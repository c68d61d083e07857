// SPDX-License-Identifier: Apache-2.0
// One processor rings a disk's queues without end, in each state a disk can be in: nothing comes of
// it, and another disk, which the other processor reads, is not held up (virtio 1.2 §4.1.5.2).
// Command line: kicks=N, in each state.
#include <cstdint>

#include "tools/guest/hostile.h"
#include "tools/guest/hostile_requests.h"
#include "tools/guest/runtime/io.h"

using namespace siskin::guest;

namespace {

constexpr std::uint32_t kPatient = kPmTimerHz / 10;  // 100 ms

HostileBench bench;
VirtioBlk neighbour;
alignas(512) std::uint64_t buffer[kWordsPerSector];

VirtioPci& pci() {
    return bench.disk.pci();
}

// What the second processor does, as often as is left.
volatile std::uint64_t kick_place = 0;
volatile std::uint16_t kick_value = 0;
volatile std::uint64_t kicks_left = 0;

void kick_for_ever() {
    for (;;) {
        if (kicks_left == 0) {
            pause();
            continue;
        }
        mmio_write<std::uint16_t>(kick_place, kick_value);
        kicks_left = kicks_left - 1;
    }
}

// The first queue is enabled, or has all else but that.
bool prepare(bool enable) {
    if (!pci().reset() || !pci().negotiate(kFeatureVersion1)) {
        return false;
    }
    Virtqueue& queue = bench.disk.queue();
    if (enable) {
        return pci().start_queue(0, HostileBench::kQueueSize, Virtqueue::Options{}, kNoVector,
                                 queue);
    }
    queue.set_up(HostileBench::kQueueSize, Virtqueue::Options{});
    pci().write16(kCommonQueueSelect, 0);
    pci().write16(kCommonQueueSize, HostileBench::kQueueSize);
    pci().write64(kCommonQueueDescriptors, queue.descriptors_address());
    pci().write64(kCommonQueueDriver, queue.available_address());
    pci().write64(kCommonQueueDevice, queue.used_address());
    pci().add_status(kStatusDriverOk);
    return true;
}

// What must not be taken.
void put_read() {
    set_good_read(bench.disk);
    bench.disk.queue().publish_head(0);
}

struct State {
    const char* name;
    bool (*enter)();
    std::uint8_t status;         // that the disk has, and keeps
    bool beyond = false;         // the queue that is rung is behind the last
    bool under_request = false;  // the first processor reads this disk, too
};

constexpr State kStates[] = {
    {"V14: kicks before DRIVER_OK",
     [] {
         const bool prepared = prepare(true);
         put_read();
         return prepared;
     },
     0x0b},
    {"V14: kicks of a queue that is not enabled",
     [] {
         const bool prepared = prepare(false);
         put_read();
         return prepared;
     },
     0x0f},
    {"V14: kicks after a reset",
     [] {
         const bool was_reset = bench.start() && pci().reset();
         put_read();
         return was_reset;
     },
     0},
    {"V14: kicks of a queue that is not", [] { return bench.start(); }, 0x0f, true},
    {"V14: kicks without a request", [] { return bench.start(); }, 0x0f},
    {"V14: kicks around requests", [] { return bench.start(); }, 0x0f, false, true},
};

bool reads(VirtioBlk& disk) {
    memset(buffer, 0, sizeof(buffer));
    return disk.run(kBlockIn, 0, buffer, kSectorSize) == kBlockOk && bench.is_first_sector(buffer);
}

void check_state(const State& state, std::uint64_t kicks) {
    require(state.enter(), state.name);
    const auto behind = static_cast<std::uint16_t>(pci().queue_count() + 1);
    kick_value = state.beyond ? behind : std::uint16_t{0};
    kick_place = pci().notify_place(kick_value);
    const std::uint16_t used = bench.disk.queue().used_index();
    unsigned read = 0;
    unsigned slow = 0;
    unsigned wrong = 0;
    std::uint32_t slowest = 0;
    for (kicks_left = kicks; kicks_left != 0; ++read) {
        const std::uint32_t begun = read_pm_timer();
        wrong += reads(neighbour) ? 0 : 1;
        const std::uint32_t ticks = (read_pm_timer() - begun) & 0xffffff;
        slow += ticks > kPatient ? 1 : 0;
        slowest = ticks > slowest ? ticks : slowest;
        wrong += !state.under_request || reads(bench.disk) ? 0 : 1;
    }
    const bool silent = state.under_request || (bench.disk.queue().used_index() == used &&
                                                hostile_request.status == kBlockUntouched);
    print(kicks, " kicks, ", read, " reads, the slowest of ", slowest / (kPmTimerHz / 1000),
          " ms\n");
    check(silent && pci().status() == state.status && wrong == 0, state.name);
    // Whoever else is busy on the host is not the disk's fault.
    check(slow <= read / 2, "V14: and another disk is not held up");
    check(bench.comes_back(), "V14: and the disk is as before");
}

}  // namespace

void guest_start(const StartInfo* info) {
    begin(info);
    const std::uint64_t kicks = number_word(command_line(*info), "kicks=", 1000);
    bench.open(*info);
    require(neighbour.start(bench.bdf_of(1), VirtioBlk::Options{}), "V14: its neighbour starts");
    bench.start_second(kick_for_ever);
    for (const State& state : kStates) {
        check_state(state, kicks);
    }
    finish();
}
