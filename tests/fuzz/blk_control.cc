// SPDX-License-Identifier: Apache-2.0
// Fuzzes what is done to a block device beside its requests: pauses, resizes, moves, limits, resets
// of a queue and of the device, a disk that hands back or is lost.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/blk_bench.h"
#include "tests/fuzz/fuzz_input.h"

namespace siskin {
namespace {

void step(FuzzInput& input, BlkBench& bench) {
    switch (input.take(1) % 20) {
        case 0: bench.pause(); break;
        case 1: bench.resume(); break;
        case 2: bench.hold_still(input); break;
        case 3: bench.limit(input); break;
        case 4: bench.hold_disk(input); break;
        case 5: bench.reset_queue(input); break;
        case 6: bench.reset(); break;
        case 7: bench.lose_or_find_disk(); break;
        case 8: {
            const std::uint64_t choice = input.take(1);
            bench.switch_cache((choice & 1U) != 0);
            bench.refuse_attach(choice >> 4U == 0xf);
            bench.tell_capacity();
            break;
        }
        case 9: bench.limit(input); break;
        case 10:
        case 11:
        case 12: bench.turn(); break;
        default: bench.offer(input);
    }
}

void run(const std::uint8_t* data, std::size_t size) {
    FuzzInput input(data, size);
    BlkBench bench(input);
    while (!input.empty()) {
        step(input, bench);
    }
    bench.end();
}

}  // namespace
}  // namespace siskin

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    siskin::run(data, size);
    return 0;
}
