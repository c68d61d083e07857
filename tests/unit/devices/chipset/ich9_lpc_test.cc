// SPDX-License-Identifier: Apache-2.0
// Proves devices/chipset/ich9_lpc.
#include "devices/chipset/ich9_lpc.h"

#include <doctest/doctest.h>

#include <optional>
#include <vector>

#include "pci/host_bridge.h"

using siskin::AddressSpace;
using siskin::Bdf;
using siskin::DevFn;
using siskin::HostBridge;
using siskin::Ich9Lpc;
using siskin::IoAccess;

namespace {

using Base = std::optional<std::uint16_t>;

struct LpcBench {
    LpcBench() { lpc.plug(); }

    std::uint64_t get(unsigned offset, unsigned width) const {
        return host.config_read(kPlace, IoAccess{offset, width});
    }
    void put(unsigned offset, unsigned width, std::uint64_t value) const {
        host.config_write(kPlace, IoAccess{offset, width}, value);
    }

    static constexpr Bdf kPlace{0, DevFn::of(0x1f, 0)};
    AddressSpace memory;
    AddressSpace ports;
    HostBridge host{memory, ports};
    std::vector<Base> moves;
    Ich9Lpc lpc{host.root(), [this](Base base) { moves.push_back(base); }};
};

}  // namespace

TEST_SUITE("devices/chipset/ich9_lpc") {
    TEST_CASE("it is 8086:2918, an ISA bridge and multifunction, at 00:1f.0") {
        LpcBench bench;

        CHECK(bench.get(0x00, 4) == 0x29188086);
        CHECK(bench.get(0x08, 4) == 0x06010002);
        CHECK(bench.get(0x0e, 1) == 0x80);
    }

    TEST_CASE("the PM block is on with ACPI_EN, at PMBASE") {
        LpcBench bench;
        CHECK_FALSE(bench.lpc.pm_base().has_value());

        bench.put(Ich9Lpc::kPmBase, 4, 0x601);
        CHECK(bench.moves.empty());
        bench.put(Ich9Lpc::kAcpiControl, 1, Ich9Lpc::kAcpiEnable);

        CHECK(bench.lpc.pm_base() == 0x600);
        CHECK(bench.moves == std::vector<Base>{Base{std::uint16_t{0x600}}});
        CHECK(bench.get(Ich9Lpc::kPmBase, 4) == 0x601);
    }

    TEST_CASE("moving and switching off are told, a repeated write is not") {
        LpcBench bench;
        bench.put(Ich9Lpc::kPmBase, 4, 0x600);
        bench.put(Ich9Lpc::kAcpiControl, 1, 0x80);
        bench.put(Ich9Lpc::kAcpiControl, 1, 0x82);

        bench.put(Ich9Lpc::kPmBase, 4, 0xb000);
        bench.put(Ich9Lpc::kPmBase, 4, 0xb001);
        bench.put(Ich9Lpc::kAcpiControl, 1, 0x02);

        CHECK(bench.moves ==
              std::vector<Base>{std::uint16_t{0x600}, std::uint16_t{0xb000}, std::nullopt});
    }

    TEST_CASE("PMBASE is a multiple of 128 below 64 KiB, and says that it is an I/O address") {
        LpcBench bench;

        bench.put(Ich9Lpc::kPmBase, 4, 0xffffffff);
        CHECK(bench.get(Ich9Lpc::kPmBase, 4) == 0xff81);
        bench.put(Ich9Lpc::kPmBase, 4, 0);

        CHECK(bench.get(Ich9Lpc::kPmBase, 4) == 0x0001);
    }

    TEST_CASE("PIRQ routes are off at power-on and keep what routing needs") {
        LpcBench bench;
        CHECK(bench.get(0x60, 4) == 0x80808080);
        CHECK(bench.get(0x68, 4) == 0x80808080);
        CHECK_FALSE(bench.lpc.pirq_route(0).has_value());

        bench.put(0x60, 4, 0x0b0b0aff);
        bench.put(0x6b, 1, 0x75);

        CHECK(bench.get(0x60, 4) == 0x0b0b0a8f);
        CHECK_FALSE(bench.lpc.pirq_route(0).has_value());
        CHECK(bench.lpc.pirq_route(1) == 10);
        CHECK(bench.lpc.pirq_route(7) == 5);
        CHECK_FALSE(bench.lpc.pirq_route(8).has_value());
    }

    TEST_CASE("RCBA keeps base and enable") {
        LpcBench bench;

        bench.put(Ich9Lpc::kRcba, 4, 0xfed1ffff);

        CHECK(bench.get(Ich9Lpc::kRcba, 4) == 0xfed1c001);
    }

    TEST_CASE("a reset switches the PM block off and gives the power-on registers") {
        LpcBench bench;
        bench.put(Ich9Lpc::kPmBase, 4, 0x600);
        bench.put(Ich9Lpc::kAcpiControl, 1, 0x80);
        bench.put(0x60, 4, 0x0b0b0a0a);

        bench.host.reset();

        CHECK(bench.moves.back() == std::nullopt);
        CHECK(bench.get(Ich9Lpc::kPmBase, 4) == 0x0001);
        CHECK(bench.get(Ich9Lpc::kAcpiControl, 1) == 0x00);
        CHECK(bench.get(0x60, 4) == 0x80808080);
    }
}
