// SPDX-License-Identifier: Apache-2.0
// Proves pci/allocator.
#include "pci/allocator.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include "base/text.h"
#include "pci/describe.h"
#include "pci/expander.h"
#include "pci/express_port.h"
#include "pci/spec.h"
#include "tests/harness/driver_pci.h"

using namespace siskin;
using namespace siskin::pci_spec;

namespace {

constexpr AllocatorApertures kApertures{
    {0xc0000000, 0x20000000}, {0x8'00000000, 0x10'00000000}, {0x1000, 0xf000}};

std::uint8_t line_of(IntxInput input) {
    return static_cast<std::uint8_t>(input.device + input.pin);
}

std::unique_ptr<ExpressPort> make_port(PciMachine& machine, unsigned device) {
    return make_port(machine, kRootPortType, machine.host.root(), DevFn::of(device, 0),
                     concat("rp", device));
}

struct Claim {
    std::uint64_t first;
    std::uint64_t last;
    bool io;
};

// Every BAR of every function, with the checks that need its bridge.
void collect(const PciBus& bus, std::vector<Claim>& claims, unsigned& outside) {
    for (const auto& [devfn, function] : bus.functions()) {
        for (const std::optional<Bar>& bar : function->bars()) {
            if (!bar) {
                continue;
            }
            const std::uint64_t base = bar->programmed(function->config());
            const std::uint64_t size = bar->spec().size.value();
            claims.push_back(Claim{base, base + size - 1, bar->is_io()});
            outside += base % size != 0 || bar->mapped() != GuestAddress{base} ? 1 : 0;
        }
        if (const PciBridge* const bridge = function->as_bridge()) {
            collect(bridge->secondary(), claims, outside);
        }
    }
}

unsigned overlaps(const std::vector<Claim>& claims) {
    unsigned count = 0;
    for (std::size_t left = 0; left < claims.size(); ++left) {
        for (std::size_t right = left + 1; right < claims.size(); ++right) {
            const bool meet = claims[left].first <= claims[right].last &&
                              claims[right].first <= claims[left].last;
            count += meet && claims[left].io == claims[right].io ? 1 : 0;
        }
    }
    return count;
}

}  // namespace

TEST_SUITE("pci/allocator") {
    TEST_CASE("a device behind a port is reachable; its window is open, the others are closed") {
        PciMachine machine;
        const auto port = make_port(machine, 1);
        ProbeFunction probe(machine.place(port->secondary(), DevFn::of(0, 0)), 0x77);
        probe.add_probe_bar(1, BarKind::Memory32, 0x1000);
        probe.add_probe_bar(4, BarKind::Memory64, 0x4000, true);
        probe.plug();

        REQUIRE(assign_resources(machine.host, kApertures, line_of));

        DriverPci driver(machine);
        constexpr Bdf kBehind{1, DevFn::of(0, 0)};
        CHECK(driver.is_present(kBehind));
        CHECK(driver.bar_address(kBehind, 1) == 0xc0000000);
        CHECK(driver.bar_address(kBehind, 4) == 0x8'00000000);
        CHECK(driver.memory_read(0xc0000fff, 1) == 0x77);
        CHECK(driver.memory_read(0x8'00000000, 1) == 0x77);
        CHECK(driver.read(kBehind, kCommand, 2) == (kCommandMemory | kCommandSerr));
        CHECK(driver.read({0, DevFn::of(1, 0)}, kCommand, 2) == 0x107);
        CHECK(port->windows() == PciBridge::Windows{0xf000, 0xfff, 0xc0000000, 0xc01fffff,
                                                    0x8'00000000, 0x8'001fffff});
        CHECK(driver.read(kBehind, kInterruptLine, 1) == 1);  // INTA of slot 1
    }

    TEST_CASE("random trees get disjoint aligned BARs inside windows and apertures") {
        const auto seed = std::random_device{}();
        CAPTURE(seed);
        std::mt19937 random(seed);
        unsigned overlapping = 0;
        unsigned outside = 0;
        std::size_t bars = 0;
        for (int round = 0; round < 60; ++round) {
            PciMachine machine;
            machine.host.topology().set_apertures(
                {{{0xc0000000, 0xdfffffff}, {0x8'00000000, 0x17'ffffffff}}, {{0x1000, 0xffff}}});
            std::vector<std::unique_ptr<PciBridge>> bridges;
            std::vector<std::unique_ptr<ProbeFunction>> probes;
            for (unsigned device = 0; device < 12; ++device) {
                const bool below = !bridges.empty() && random() % 2 == 0;
                PciBus& bus = below ? bridges.at(random() % bridges.size())->secondary()
                                    : machine.host.root();
                const DevFn devfn = DevFn::of(static_cast<unsigned>(bus.functions().size()), 0);
                if (random() % 2 == 0) {
                    bridges.push_back(std::make_unique<PciBridge>(
                        machine.place(bus, devfn),
                        PciIdentity{.vendor_id = 1, .header = HeaderType::Bridge}, "b",
                        PciBusType::Conventional));
                    bridges.back()->plug();
                    continue;
                }
                probes.push_back(std::make_unique<ProbeFunction>(machine.place(bus, devfn), 1));
                ProbeFunction& probe = *probes.back();
                probe.add_probe_bar(0, BarKind::Memory32, 0x10ULL << random() % 18);
                probe.add_probe_bar(1, BarKind::Io, 4ULL << random() % 7);
                probe.add_probe_bar(2, BarKind::Memory64, 0x10ULL << random() % 26, true);
                probe.add_probe_bar(4, BarKind::Memory64, 0x10ULL << random() % 18);
                probe.plug();
            }

            REQUIRE(assign_resources(machine.host, kApertures, line_of));

            std::vector<Claim> claims;
            collect(machine.host.root(), claims, outside);
            overlapping += overlaps(claims);
            bars += claims.size();
            while (!probes.empty()) {
                probes.pop_back();
            }
            while (!bridges.empty()) {
                bridges.pop_back();
            }
        }

        CHECK(overlapping == 0);
        CHECK(outside == 0);
        CHECK(bars > 200);
    }

    TEST_CASE("without a 64-bit aperture everything goes below 4 GiB") {
        PciMachine machine;
        const auto port = make_port(machine, 1);
        ProbeFunction probe(machine.place(port->secondary(), DevFn::of(0, 0)), 1);
        probe.add_probe_bar(0, BarKind::Memory64, 0x200000, true);
        probe.plug();
        AllocatorApertures apertures = kApertures;
        apertures.memory64 = {};

        REQUIRE(assign_resources(machine.host, apertures, line_of));

        CHECK(probe.bars().at(0)->mapped() == GuestAddress{0xc0000000});
        // And as much again for a device that may come.
        CHECK(port->windows().memory_limit == 0xc03fffff);
        CHECK(port->windows().prefetchable_base > port->windows().prefetchable_limit);
    }

    TEST_CASE("an exhausted aperture is an error that names the function, and nothing decodes") {
        PciMachine machine;
        ProbeFunction probe(machine.place(machine.host.root(), DevFn::of(4, 0)), 1);
        probe.add_probe_bar(0, BarKind::Memory32, 0x40000000);
        probe.plug();

        const Result<> result = assign_resources(machine.host, kApertures, line_of);

        REQUIRE_FALSE(result.has_value());
        CHECK(result.error().message ==
              "PCI 32-bit memory aperture of 536870912 bytes at 0xc0000000 is exhausted: probe at "
              "00:04.0 needs 1073741824 bytes");
        CHECK_FALSE(probe.decodes_memory());
    }

    TEST_CASE("an aperture that fits to the byte is enough, one byte less is not") {
        PciMachine machine;
        ProbeFunction probe(machine.place(machine.host.root(), DevFn::of(4, 0)), 1);
        probe.add_probe_bar(0, BarKind::Memory32, 0x100000);
        probe.plug();
        AllocatorApertures apertures;
        apertures.memory32 = {0xe0000000, 0x100000};

        CHECK(assign_resources(machine.host, apertures, line_of).has_value());
        apertures.memory32.size -= 1;
        CHECK_FALSE(assign_resources(machine.host, apertures, line_of).has_value());
    }

    TEST_CASE("more bridges than bus numbers are an error") {
        PciMachine machine(2);
        const auto first = make_port(machine, 1);
        CHECK(assign_resources(machine.host, kApertures, line_of).has_value());
        const auto second = make_port(machine, 2);

        const Result<> result = assign_resources(machine.host, kApertures, line_of);

        REQUIRE_FALSE(result.has_value());
        CHECK(result.error().message ==
              "PCI bus numbers are exhausted: probe 'rp2' at 00:02.0 needs bus 2, the most is 1");
    }

    TEST_CASE("all shortages are told at once, in each kind, and what is smaller does not suffer") {
        PciMachine machine(2);
        const auto first = make_port(machine, 1);
        const auto second = make_port(machine, 2);
        const auto third = make_port(machine, 3);
        ProbeFunction big(machine.place(machine.host.root(), DevFn::of(4, 0), false, "big"), 1);
        big.add_probe_bar(0, BarKind::Memory32, 0x40000000);
        big.plug();
        ProbeFunction bigger(machine.place(machine.host.root(), DevFn::of(5, 0)), 1);
        bigger.add_probe_bar(0, BarKind::Memory32, 0x80000000);
        bigger.plug();
        ProbeFunction small(machine.place(machine.host.root(), DevFn::of(6, 0)), 1);
        small.add_probe_bar(0, BarKind::Memory32, 0x1000);
        small.plug();

        const auto shortages = try_assign_resources(machine.host, kApertures, line_of);

        REQUIRE(shortages.size() == 4);
        CHECK(shortages[0].message.find("00:02.0 needs bus 2") != std::string::npos);
        CHECK(shortages[1].message.find("00:03.0 needs bus 2") != std::string::npos);
        CHECK(shortages[2].message.find("probe at 00:05.0 needs 2147483648") != std::string::npos);
        CHECK(shortages[3].message.find("probe 'big' at 00:04.0 needs 1073741824") !=
              std::string::npos);
        CHECK_FALSE(small.decodes_memory());
    }

    TEST_CASE("of very many shortages the first are told, and that there are more") {
        PciMachine machine;
        std::vector<std::unique_ptr<ProbeFunction>> probes;
        for (unsigned number = 8; number < 8 + 100; ++number) {
            probes.push_back(std::make_unique<ProbeFunction>(
                machine.place(machine.host.root(), DevFn(static_cast<std::uint8_t>(number)), true),
                1));
            probes.back()->add_probe_bar(0, BarKind::Memory32, 0x40000000);
            probes.back()->plug();
        }

        const auto shortages = try_assign_resources(machine.host, kApertures, line_of);

        REQUIRE(shortages.size() == kShortagesMax);
        CHECK(shortages.back().message == "There are more");
    }

    TEST_CASE("a second run after a reset gives the same addresses") {
        PciMachine machine;
        const auto port = make_port(machine, 1);
        ProbeFunction probe(machine.place(port->secondary(), DevFn::of(0, 0)), 1);
        probe.add_probe_bar(0, BarKind::Memory64, 0x4000, true);
        probe.plug();
        REQUIRE(assign_resources(machine.host, kApertures, line_of));
        const auto before = probe.bars().at(0)->mapped();

        machine.host.reset();
        CHECK_FALSE(probe.bars().at(0)->mapped().has_value());
        REQUIRE(assign_resources(machine.host, kApertures, line_of));

        CHECK(probe.bars().at(0)->mapped() == before);
    }

    TEST_CASE("what a port reserves is left free behind it: buses, ports, memory") {
        PciMachine machine;
        PortConfig config;
        config.reserve.buses = 3;
        config.reserve.io = ByteCount{0x1000};
        config.reserve.memory = ByteCount{4 * kMiB};
        config.reserve.prefetchable64 = ByteCount{kGiB};
        const auto first =
            make_port(machine, kRootPortType, machine.host.root(), DevFn::of(1, 0), "rp1", config);
        const auto second = make_port(machine, 2);

        REQUIRE(assign_resources(machine.host, kApertures, line_of).has_value());

        CHECK(first->secondary_number() == 1);
        CHECK(first->subordinate_number() == 4);
        CHECK(second->secondary_number() == 5);
        const PciBridge::Windows windows = first->windows();
        CHECK(windows.io_limit - windows.io_base + 1 == 0x1000);
        CHECK(windows.memory_limit - windows.memory_base + 1 == 4 * kMiB);
        CHECK(windows.prefetchable_limit - windows.prefetchable_base + 1 == kGiB);
        // A port that devices may come to keeps 2 MiB of each memory without being asked.
        CHECK(second->windows().memory_limit - second->windows().memory_base + 1 == 2 * kMiB);
        CHECK(second->windows().prefetchable_limit - second->windows().prefetchable_base + 1 ==
              2 * kMiB);
        CHECK(second->windows().io_base > second->windows().io_limit);
    }

    TEST_CASE("each expander gets its bus numbers and ranges that are nobody else's") {
        PciMachine machine;
        std::vector<std::unique_ptr<Expander>> expanders;
        std::vector<std::unique_ptr<ExpressPort>> ports;
        std::vector<std::unique_ptr<ProbeFunction>> probes;
        for (const unsigned number : {0x40U, 0x80U}) {
            auto config = std::make_shared<ExpanderConfig>();
            config->bus_nr = static_cast<std::uint8_t>(number);
            expanders.push_back(*Expander::create(
                machine.place(machine.host.root(), DevFn::of(number / 16, 0)), config));
            ports.push_back(make_port(machine, kRootPortType, expanders.back()->root(),
                                      DevFn::of(0, 0), concat("x", number)));
            probes.push_back(std::make_unique<ProbeFunction>(
                machine.place(ports.back()->secondary(), DevFn::of(0, 0)), std::uint8_t{1}));
            probes.back()->add_probe_bar(0, BarKind::Memory64, 64 * kMiB, true);
            probes.back()->add_probe_bar(2, BarKind::Memory32, 64 * kMiB);
            probes.back()->plug();
        }

        REQUIRE(assign_resources(machine.host, kApertures, line_of).has_value());

        CHECK(ports[0]->secondary_number() == 0x41);
        CHECK(ports[1]->secondary_number() == 0x81);
        const PciBus::RootRanges first = expanders[0]->root().ranges();
        const PciBus::RootRanges second = expanders[1]->root().ranges();
        CHECK(first.memory32.base + first.memory32.size <= second.memory32.base);
        CHECK(first.memory64.base + first.memory64.size <= second.memory64.base);
        CHECK(first.memory64.size == kGiB);
        for (unsigned index = 0; index < 2; ++index) {
            const PciBus::RootRanges ranges = expanders[index]->root().ranges();
            const PciBridge::Windows windows = ports[index]->windows();
            CHECK(windows.memory_base >= ranges.memory32.base);
            CHECK(windows.memory_limit < ranges.memory32.base + ranges.memory32.size);
            CHECK(windows.prefetchable_base >= ranges.memory64.base);
            CHECK(windows.prefetchable_limit < ranges.memory64.base + ranges.memory64.size);
            CHECK(ranges.io.size == 0x1000);
        }
    }

    TEST_CASE("a root without numbers left for its bridges is refused") {
        PciMachine machine;
        auto config = std::make_shared<ExpanderConfig>();
        config->bus_nr = 2;
        const auto expander =
            Expander::create(machine.place(machine.host.root(), DevFn::of(9, 0)), config);
        REQUIRE(expander.has_value());
        const auto first = make_port(machine, 1);
        const auto second = make_port(machine, 2);

        const auto assigned = assign_resources(machine.host, kApertures, line_of);

        REQUIRE_FALSE(assigned.has_value());
        CHECK(assigned.error().message ==
              "PCI bus numbers are exhausted: probe 'rp2' at 00:02.0 needs bus 2, the most is 1");
    }
}
