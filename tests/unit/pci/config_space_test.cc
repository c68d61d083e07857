// SPDX-License-Identifier: Apache-2.0
// Proves pci/config_space and pci/capability.
#include "pci/config_space.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <random>
#include <set>
#include <vector>

#include "pci/capability.h"

using namespace siskin;
using namespace siskin::pci_spec;

namespace {

// What one byte of a register is after a write (an independent statement of the rule).
std::uint8_t byte_after(std::uint8_t old, std::uint8_t written, std::uint8_t writable,
                        std::uint8_t clears) {
    unsigned result = 0;
    for (unsigned bit = 1; bit < 0x100; bit <<= 1) {
        const bool was = (old & bit) != 0;
        const bool wants = (written & bit) != 0;
        const bool now = (writable & bit) != 0 ? wants : (clears & bit) != 0 ? was && !wants : was;
        result |= now ? bit : 0;
    }
    return static_cast<std::uint8_t>(result);
}

}  // namespace

TEST_SUITE("pci/config_space") {
    TEST_CASE("random writes of any width change exactly the writable bits (P06)") {
        const auto seed = std::random_device{}();
        CAPTURE(seed);
        std::mt19937_64 random(seed);
        ConfigSpace config(HeaderType::Endpoint, kExpressSize);
        std::vector<std::uint8_t> writable(kExpressSize);
        std::vector<std::uint8_t> clears(kExpressSize);
        std::vector<std::uint8_t> model(kExpressSize);
        for (std::size_t at = 0; at < kExpressSize; ++at) {
            writable[at] = static_cast<std::uint8_t>(random());
            clears[at] = static_cast<std::uint8_t>(random() & ~writable[at]);
            model[at] = static_cast<std::uint8_t>(random());
            config.registers().set_writable(at, 1, writable[at]);
            config.registers().set_write_1_to_clear(at, 1, clears[at]);
            config.set8(at, model[at]);
        }

        unsigned differences = 0;
        for (int round = 0; round < 1'000'000; ++round) {
            const std::size_t offset = random() % (kExpressSize + 8);
            const unsigned width = 1U << (random() % 4);
            const std::uint64_t value = random();
            config.write(offset, width, value);
            std::uint64_t expected = 0;
            for (unsigned byte = 0; byte < width; ++byte) {
                const std::size_t at = offset + byte;
                const auto written = static_cast<std::uint8_t>(value >> (byte * 8));
                if (at < kExpressSize) {
                    model[at] = byte_after(model[at], written, writable[at], clears[at]);
                }
                expected |= std::uint64_t{at < kExpressSize ? model[at] : 0xffU} << (byte * 8);
            }
            differences += config.read(offset, width) != expected ? 1 : 0;
        }

        CHECK(differences == 0);
    }

    TEST_CASE("the header's masks are those of PCIe 5.0 §7.5.1.1") {
        ConfigSpace config(HeaderType::Endpoint, kConventionalSize);
        config.set16(kStatus, 0xffff);

        config.write(0, 8, ~std::uint64_t{0});
        config.write(8, 8, ~std::uint64_t{0});
        config.write(0x38, 8, ~std::uint64_t{0});

        CHECK(config.get32(0) == 0);
        CHECK(config.get16(kCommand) == 0x0507);
        CHECK(config.get16(kStatus) == 0x06ff);  // the error bits are cleared by ones
        CHECK(config.get32(8) == 0);
        CHECK(config.get32(0x0c) == 0x000000ff);
        CHECK(config.get32(0x3c) == 0x000000ff);
    }

    TEST_CASE("what is past the end reads ones and drops writes") {
        ConfigSpace config(HeaderType::Endpoint, kConventionalSize);

        config.write(0x100, 8, 0);
        config.write(0xfffffff0, 4, 0);

        CHECK(config.read(0xff, 2) == 0xff00);
        CHECK(config.read(0x100, 4) == 0xffffffff);
        CHECK(config.read(~std::size_t{0}, 8) == ~std::uint64_t{0});
    }

    TEST_CASE("capabilities are linked newest first, apart from each other, and end with 0 (P12)") {
        ConfigSpace config(HeaderType::Endpoint, kConventionalSize);

        CHECK_FALSE(config.find_capability(kCapabilityVendor).has_value());
        CHECK((config.get16(kStatus) & kStatusCapabilities) == 0);
        const auto first = config.add_capability(kCapabilityVendor, 15);
        const auto second = config.add_capability(kCapabilityMsix, 12, std::uint16_t{0x80});
        const auto third = config.add_capability(kCapabilityVendor, 16);

        CHECK(first == 0x40);
        CHECK(second == 0x80);
        CHECK(third == 0x8c);
        CHECK(config.get8(kCapabilityPointer) == third);
        CHECK(config.get8(third + 1U) == second);
        CHECK(config.get8(second + 1U) == first);
        CHECK(config.get8(first + 1U) == 0);
        CHECK(config.find_capability(kCapabilityVendor) == third);
        CHECK(config.find_capability(kCapabilityMsix) == second);
        CHECK((config.get16(kStatus) & kStatusCapabilities) != 0);
    }

    TEST_CASE("extended capabilities begin at 0x100 and are linked (PCIe 5.0 §7.6.3)") {
        ConfigSpace config(HeaderType::Endpoint, kExpressSize);

        const auto first = config.add_extended_capability(0x0003, 1, 12);
        const auto second = config.add_extended_capability(0x000d, 2, 8);

        CHECK(first == 0x100);
        CHECK(second == 0x10c);
        CHECK(config.get32(first) == 0x10c10003);
        CHECK(config.get32(second) == 0x0002000d);
    }

    TEST_CASE("reset comes back to the power-on bytes") {
        ConfigSpace config(HeaderType::Endpoint, kExpressSize);
        config.registers().set_writable(0xffe, 2, 0xffff);
        config.set16(0xffe, 0x1234);
        config.remember_power_on();
        config.write(0xffe, 2, 0xabcd);
        config.write(kCommand, 2, 0x0507);

        config.reset(ResetKind::PowerOn);

        CHECK(config.get16(0xffe) == 0x1234);
        CHECK(config.get16(kCommand) == 0);
    }
}

TEST_SUITE("pci/capability") {
    TEST_CASE("a power state that is not there leaves the old one (PCIe 5.0 §5.3.1)") {
        ConfigSpace config(HeaderType::Endpoint, kConventionalSize);
        const auto at = add_power_capability(config);
        config.write(at + 4U, 2, 3);
        const std::uint16_t before = config.get16(at + 4U);

        config.write(at + 4U, 2, 1);
        settle_power_state(config, at, before);

        CHECK((config.get16(at + 4U) & 3) == 3);
        CHECK_FALSE(is_in_d0(config, at));
    }

    TEST_CASE("Message Control holds the table size less one; only two bits are writable") {
        ConfigSpace config(HeaderType::Endpoint, kConventionalSize);
        const auto at = add_msix_capability(config, 2048, MsixPlacement{1, 0x1000, 2, 0x9000});

        CHECK(config.get16(at + 2U) == 2047);
        config.write(at + 2U, 2, 0xffff);
        CHECK(config.get16(at + 2U) == 0xc7ff);
        CHECK(config.get32(at + 4U) == 0x1001);
        CHECK(config.get32(at + 8U) == 0x9002);
    }
}
