// SPDX-License-Identifier: Apache-2.0
// Proves pci/msi.
#include "pci/msi.h"

#include <doctest/doctest.h>

#include <vector>

#include "tests/harness/driver_pci.h"

using namespace siskin;
using namespace siskin::pci_spec;

namespace {

struct Capability {
    explicit Capability(const MsiOptions& options) : msi(config, target, options) {}
    void enable(std::uint16_t bits = kMsiEnable) {
        config.write(msi.offset() + kMsiControl, 2, bits);
        msi.update(true);
    }
    void write(unsigned at, unsigned width, std::uint64_t value) {
        config.write(msi.offset() + at, width, value);
        msi.update(true);
    }

    ConfigSpace config{HeaderType::Endpoint, kExpressSize};
    FakeMsiTarget target;
    MsiCapability msi;
};

}  // namespace

TEST_SUITE("pci/msi") {
    TEST_CASE("the four layouts have their fields where the specification puts them (§7.7.1)") {
        Capability plain(MsiOptions{});
        Capability wide(MsiOptions{.is_64_bit = true});
        Capability masked(MsiOptions{.vectors = 2, .has_masks = true});
        Capability both(MsiOptions{.vectors = 32, .is_64_bit = true, .has_masks = true});

        CHECK(plain.config.get16(plain.msi.offset() + 2) == 0x0000);
        CHECK(wide.config.get16(wide.msi.offset() + 2) == 0x0080);
        CHECK(masked.config.get16(masked.msi.offset() + 2) == 0x0102);
        CHECK(both.config.get16(both.msi.offset() + 2) == 0x018a);
        CHECK(plain.config.registers().writable(plain.msi.offset() + 8, 2) == 0xffff);
        CHECK(wide.config.registers().writable(wide.msi.offset() + 12, 2) == 0xffff);
        CHECK(masked.config.registers().writable(masked.msi.offset() + 12, 4) == 0x3);
        CHECK(both.config.registers().writable(both.msi.offset() + 16, 4) == 0xffffffff);
    }

    TEST_CASE("a vector is the address with the vector's number in the low bits of the data") {
        Capability one(MsiOptions{.vectors = 4, .is_64_bit = true});
        one.write(4, 4, 0xfee00000);
        one.write(8, 4, 0x1);
        one.write(12, 2, 0x4041);
        one.enable(kMsiEnable | 2U << 4);

        one.msi.raise(3);
        one.msi.raise(4);

        REQUIRE(one.target.messages.size() == 2);
        CHECK(one.target.messages[0] == MsiMessage{0x1'fee00000, 0x4043});
        CHECK(one.target.messages[1] == MsiMessage{0x1'fee00000, 0x4040});
    }

    TEST_CASE("with fewer vectors allocated than asked for, they share") {
        Capability one(MsiOptions{.vectors = 2, .has_masks = true});
        one.write(8, 2, 0x41);
        one.enable();
        CHECK(one.msi.allocated() == 1);
        one.msi.raise(1);
        one.enable(kMsiEnable | 1U << 4);
        CHECK(one.msi.allocated() == 2);
        one.msi.raise(1);

        REQUIRE(one.target.messages.size() == 2);
        CHECK(one.target.messages[0].data == 0x41);
        CHECK(one.target.messages[1].data == 0x41);
    }

    TEST_CASE("a masked vector becomes pending and goes out once when unmasked (§6.1.4.5)") {
        Capability one(MsiOptions{.vectors = 2, .has_masks = true});
        one.enable(kMsiEnable | 1U << 4);
        one.write(12, 4, 0x2);

        one.msi.raise(1);
        one.msi.raise(1);
        CHECK(one.target.messages.empty());
        CHECK(one.config.get32(one.msi.offset() + 16) == 0x2);
        one.write(8, 2, 0x30);  // a new target while masked
        one.write(12, 4, 0);

        REQUIRE(one.target.messages.size() == 1);
        CHECK(one.target.messages[0].data == 0x31);
        CHECK(one.config.get32(one.msi.offset() + 16) == 0);
    }

    TEST_CASE("nothing leaves while MSI is off or the function may not master (P10)") {
        Capability one(MsiOptions{});
        one.msi.update(true);
        one.msi.raise(0);
        one.enable();
        one.msi.update(false);
        one.msi.raise(0);

        CHECK(one.target.messages.empty());
    }
}
