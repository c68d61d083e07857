// SPDX-License-Identifier: Apache-2.0
// Proves devices/chipset/mch.
#include "devices/chipset/mch.h"

#include <doctest/doctest.h>

#include <optional>
#include <vector>

#include "pci/host_bridge.h"

using siskin::AddressSpace;
using siskin::Bdf;
using siskin::ByteCount;
using siskin::EcamWindow;
using siskin::GuestAddress;
using siskin::HostBridge;
using siskin::IoAccess;
using siskin::kMiB;
using siskin::Mch;

namespace {

using Window = std::optional<EcamWindow>;

struct MchBench {
    MchBench() { mch.plug(); }

    std::uint64_t get(unsigned offset, unsigned width) const {
        return host.config_read(Bdf{}, IoAccess{offset, width});
    }
    void put(unsigned offset, unsigned width, std::uint64_t value) const {
        host.config_write(Bdf{}, IoAccess{offset, width}, value);
    }

    AddressSpace memory;
    AddressSpace ports;
    HostBridge host{memory, ports};
    std::vector<Window> moves;
    Mch mch{host.root(), [this](Window window) { moves.push_back(window); }};
};

Window window(std::uint64_t base, std::uint64_t size_mib) {
    return EcamWindow{GuestAddress{base}, ByteCount{size_mib * kMiB}};
}

}  // namespace

TEST_SUITE("devices/chipset/mch") {
    TEST_CASE("it is 8086:29c0, a host bridge, at 00:00.0") {
        MchBench bench;

        CHECK(bench.get(0x00, 4) == 0x29c08086);
        CHECK(bench.get(0x09, 2) == 0x0000);
        CHECK(bench.get(0x0b, 1) == 0x06);
        CHECK(bench.get(0x0e, 1) == 0x00);
        CHECK(bench.get(0x2c, 4) == 0x11001af4);
    }

    TEST_CASE("ECAM is off at power-on, and goes where PCIEXBAR says") {
        MchBench bench;
        CHECK_FALSE(bench.mch.ecam().has_value());
        CHECK(bench.moves.empty());

        bench.put(Mch::kPciexbar, 4, 0xb0000001);

        CHECK(bench.mch.ecam() == window(0xb0000000, 256));
        CHECK(bench.moves == std::vector<Window>{window(0xb0000000, 256)});
        CHECK(bench.get(Mch::kPciexbar, 8) == 0xb0000001);
    }

    TEST_CASE("each length has its size and alignment; the reserved one is off") {
        MchBench bench;

        bench.put(Mch::kPciexbar, 4, 0xbc000001);
        CHECK(bench.mch.ecam() == window(0xb0000000, 256));
        bench.put(Mch::kPciexbar, 4, 0xbc000003);
        CHECK(bench.mch.ecam() == window(0xb8000000, 128));
        bench.put(Mch::kPciexbar, 4, 0xbc000005);
        CHECK(bench.mch.ecam() == window(0xbc000000, 64));
        bench.put(Mch::kPciexbar, 4, 0xbc000007);

        CHECK_FALSE(bench.mch.ecam().has_value());
        CHECK(bench.moves.size() == 4);
    }

    TEST_CASE("the base has 36 bits; the others do not stick") {
        MchBench bench;

        bench.put(Mch::kPciexbar, 8, ~std::uint64_t{0} - 6);

        CHECK(bench.get(Mch::kPciexbar, 8) == 0x0000000ffc000001);
        CHECK(bench.mch.ecam() == window(0xff0000000, 256));
    }

    TEST_CASE("a write that changes nothing, and one elsewhere, tell nobody") {
        MchBench bench;
        bench.put(Mch::kPciexbar, 4, 0xb0000001);

        bench.put(Mch::kPciexbar, 4, 0xb0000001);
        bench.put(0x04, 2, 0x0007);
        bench.put(Mch::kPciexbar + 1, 1, 0xff);

        CHECK(bench.moves.size() == 1);
    }

    TEST_CASE("switching off and a reset tell that ECAM is gone") {
        MchBench bench;
        bench.put(Mch::kPciexbar, 4, 0xb0000001);
        bench.put(Mch::kPciexbar, 1, 0x00);
        CHECK(bench.moves.back() == std::nullopt);
        bench.put(Mch::kPciexbar, 1, 0x01);

        bench.host.reset();

        CHECK(bench.moves.size() == 4);
        CHECK(bench.moves.back() == std::nullopt);
        CHECK(bench.get(Mch::kPciexbar, 8) == 0);
    }
}
