// SPDX-License-Identifier: Apache-2.0
// Proves the configuration space of virtio functions: which bits of each byte a driver may write.
#include "virtio/transport/virtio_pci.h"

#include <doctest/doctest.h>

#include "tests/harness/config_bytes.h"
#include "tests/unit/virtio/virtio_bench.h"

namespace siskin {
namespace {

// PCIe 5.0 §7.5.1: command, cache line size, interrupt line; the BARs of 4 KiB and 16 KiB (64
// bits).
const ConfigBytes kHeader = joined({bytes(0x04, {0x07, 0x05}),
                                    {{0x0c, 0xff}},
                                    bytes(0x15, {0xf0, 0xff, 0xff}),
                                    bytes(0x21, {0xc0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}),
                                    {{0x3c, 0xff}}});
// §7.5.3.4, §7.5.3.7, §7.5.3.16: error reporting, common clock and extended synch, prefix blocking.
// Function level reset reads as 0.
const ConfigBytes kExpress = joined({{{0x48, 0x0f}}, {{0x50, 0xc0}}, {{0x69, 0x80}}});
// §7.5.2.2: the power state.
const ConfigBytes kPowerManagement{{0x80, 0x03}};
// virtio 1.2 §4.1.4.9: BAR, offset, length, data.
const ConfigBytes kConfigAccess =
    joined({{{0xcc, 0xff}},
            bytes(0xd0, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})});
// PCI 3.0 §6.8.2.3: enable, function mask.
const ConfigBytes kMsix{{0xdf, 0xc0}};

}  // namespace

TEST_SUITE("virtio/transport/virtio_pci: masks") {
    TEST_CASE("each byte of 4096 takes what its register lets a driver write, and no more (P06)") {
        VirtioBench bench;

        const ConfigBytes found = writable_bytes(bench.pci, VirtioBench::kBdf, 0x1000);

        CHECK(text_of(found) ==
              text_of(joined({kHeader, kExpress, kPowerManagement, kConfigAccess, kMsix})));
    }

    TEST_CASE("what was written is gone after a reset, in each byte (P06, P13)") {
        VirtioBench bench;
        // DevSta tells of transactions that a reset still waits for.
        const auto reset = [&] {
            bench.device->reset_function();
            return eventually([&] { return bench.pci.read(VirtioBench::kBdf, 0x4a, 1) == 0; });
        };
        REQUIRE(reset());
        const ConfigBytes before = values_of(bench.pci, VirtioBench::kBdf, 0x1000);
        for (unsigned offset = 0x1000; offset-- > 0;) {
            bench.pci.write(VirtioBench::kBdf, offset, 1, 0x5a);
        }

        REQUIRE(reset());

        CHECK(text_of(values_of(bench.pci, VirtioBench::kBdf, 0x1000)) == text_of(before));
    }
}

}  // namespace siskin
