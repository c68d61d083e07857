// SPDX-License-Identifier: Apache-2.0
// Reads a disk's size while the host changes it between two: of one generation is one size (virtio
// 1.2 §4.1.4.3.1). Prints "reading" when it begins. Command line: small=SECTORS large=SECTORS
// rounds=N.
#include <cstdint>

#include "tools/guest/hostile.h"
#include "tools/guest/runtime/io.h"

using namespace siskin::guest;

void guest_start(const StartInfo* info) {
    static HostileBench bench;
    begin(info);
    const char* const line = command_line(*info);
    const std::uint64_t small = number_word(line, "small=", 0);
    const std::uint64_t large = number_word(line, "large=", 0);
    const std::uint64_t rounds = number_word(line, "rounds=", 4);
    bench.open(*info);
    const VirtioPci& pci = bench.disk.pci();
    std::uint64_t last = bench.disk.capacity();
    std::uint64_t changes = 0;
    std::uint64_t reads = 0;
    unsigned torn = 0;
    print("reading\n");
    for (Deadline end(3'000); changes < rounds && !end.passed();) {
        const std::uint8_t before = pci.read8(kCommonGeneration);
        const auto low = mmio_read<std::uint32_t>(pci.device_config());
        const auto high = mmio_read<std::uint32_t>(pci.device_config() + 4);
        if (pci.read8(kCommonGeneration) != before) {
            continue;
        }
        const std::uint64_t size = std::uint64_t{high} << 32 | low;
        torn += size == small || size == large ? 0 : 1;
        ++reads;
        if (size != last) {
            ++changes;
            last = size;
            end = Deadline(3'000);
        }
    }
    print(reads, " reads, ", changes, " changes\n");
    check(changes >= rounds, "T12: the size changed under the reads");
    check_equal(torn, 0, "T12: no size is made of two");
    check(bench.comes_back(), "T12: and the disk is as before");
    finish();
}
