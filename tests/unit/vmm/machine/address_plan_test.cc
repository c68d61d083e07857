// SPDX-License-Identifier: Apache-2.0
// Proves vmm/machine/address_plan.
#include "vmm/machine/address_plan.h"

#include <doctest/doctest.h>

using namespace siskin;  // NOLINT(google-build-using-namespace): a test file

TEST_SUITE("vmm/machine/address_plan") {
    TEST_CASE("RAM up to ECAM stays below 4 GiB, more is cut at 2 GiB") {
        CHECK(low_ram_size(kEcamBase) == kEcamBase);
        CHECK(high_ram_size(kEcamBase) == 0);
        CHECK(low_ram_size(kEcamBase + 1) == 2 * kGiB);
        CHECK(high_ram_size(4 * kGiB) == 2 * kGiB);
    }

    TEST_CASE("the 64-bit window begins at the GiB after RAM") {
        CHECK(mmio64_base(128 * kMiB) == 4 * kGiB);
        CHECK(mmio64_base(4 * kGiB) == 6 * kGiB);
        CHECK(mmio64_base(3 * kGiB + kMiB) == 6 * kGiB);
    }

    TEST_CASE("memory that may come has addresses between RAM and the 64-bit window") {
        CHECK(device_memory_size(kGiB, kGiB, 4) == 0);
        CHECK(device_memory_size(kGiB, 4 * kGiB, 2) == 5 * kGiB);
        CHECK(device_memory_base(3 * kGiB + kMiB) == 6 * kGiB);
        CHECK(mmio64_base(3 * kGiB + kMiB, 5 * kGiB + kMiB) == 12 * kGiB);
    }

    TEST_CASE("the windows below 4 GiB follow each other without a gap") {
        CHECK(kMmio32Base == kEcamBase + kEcamSize);
        CHECK(kMmio32Base + kMmio32Size == kIoApicBase);
        CHECK(kIoApicBase < kLocalApicBase);
        CHECK(kTaskStateBase + 3 * 4 * kKiB <= kHighRamBase);
    }
}
