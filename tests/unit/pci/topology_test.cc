// SPDX-License-Identifier: Apache-2.0
// Proves pci/topology.
#include "pci/topology.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <random>
#include <vector>

#include "pci/spec.h"
#include "tests/harness/driver_pci.h"

using namespace siskin;
using namespace siskin::pci_spec;

namespace {

constexpr Bdf bdf_of(unsigned device) {
    return Bdf{0, DevFn::of(device, 0)};
}

// Probes at 00:00.0, 00:01.0, ... with a BAR 0 of 4 KiB each, marks 1, 2, ...
struct Probes {
    explicit Probes(unsigned count) {
        for (unsigned device = 0; device < count; ++device) {
            probes.push_back(std::make_unique<ProbeFunction>(
                machine.place(machine.host.root(), DevFn::of(device, 0)),
                static_cast<std::uint8_t>(device + 1)));
            probes.back()->add_probe_bar(0, BarKind::Memory64, 0x1000);
            probes.back()->plug();
        }
    }
    void put(unsigned device, std::uint64_t address) {
        driver.assign_bar(bdf_of(device), 0, address);
        driver.set_command(bdf_of(device), kCommandMemory);
    }

    PciMachine machine;
    std::vector<std::unique_ptr<ProbeFunction>> probes;
    DriverPci driver{machine};
};

}  // namespace

TEST_SUITE("pci/topology") {
    TEST_CASE(
        "of two BARs at one place the lower device wins; the other is told it has none (P03)") {
        Probes two(2);
        two.put(1, 0xe0000000);
        CHECK(two.driver.memory_read(0xe0000000, 1) == 2);

        two.put(0, 0xe0000000);

        CHECK(two.driver.memory_read(0xe0000000, 1) == 1);
        CHECK_FALSE(two.probes.at(1)->moves.back().address.has_value());
        two.put(0, 0xe0001000);
        CHECK(two.driver.memory_read(0xe0000000, 1) == 2);
        CHECK(two.probes.at(1)->moves.back().address == GuestAddress{0xe0000000});
    }

    TEST_CASE("two BARs that swap through an overlap both end where they should (P03)") {
        Probes two(2);
        two.put(0, 0xe0000000);
        two.put(1, 0xe0001000);

        two.put(0, 0xe0001000);
        two.put(1, 0xe0000000);

        CHECK(two.driver.memory_read(0xe0001000, 1) == 1);
        CHECK(two.driver.memory_read(0xe0000000, 1) == 2);
        CHECK(two.probes.at(0)->bars().at(0)->mapped() == GuestAddress{0xe0001000});
        CHECK(two.probes.at(1)->bars().at(0)->mapped() == GuestAddress{0xe0000000});
    }

    TEST_CASE("a BAR that is sized while nothing of it is decoded changes no map (P03)") {
        Probes two(2);
        two.put(0, 0xe0000000);
        two.put(1, 0xe0001000);
        two.driver.set_command(bdf_of(1), 0);
        const std::uint64_t before = two.machine.memory.generation();

        CHECK(two.driver.size_bar(bdf_of(1), 0) == 0x1000);
        two.driver.assign_bar(bdf_of(1), 0, 0xe0002000);

        CHECK(two.machine.memory.generation() == before);
        two.driver.set_command(bdf_of(1), kCommandMemory);
        CHECK(two.machine.memory.generation() != before);
        CHECK(two.driver.memory_read(0xe0002000, 1) == 2);
    }

    TEST_CASE("the map of ports stays when a BAR in memory moves") {
        Probes one(1);
        one.put(0, 0xe0000000);
        const std::uint64_t ports = one.machine.ports.generation();
        const std::uint64_t memory = one.machine.memory.generation();

        one.put(0, 0xe0001000);

        CHECK(one.machine.memory.generation() != memory);
        CHECK(one.machine.ports.generation() == ports);
    }

    TEST_CASE("any order of moves to a layout without overlap ends in that layout (P03)") {
        const auto seed = std::random_device{}();
        CAPTURE(seed);
        std::mt19937 random(seed);
        constexpr unsigned kCount = 8;
        Probes many(kCount);
        std::array<unsigned, kCount> places{0, 1, 2, 3, 4, 5, 6, 7};
        unsigned wrong = 0;
        for (int round = 0; round < 200; ++round) {
            std::shuffle(places.begin(), places.end(), random);
            for (unsigned device = 0; device < kCount; ++device) {
                many.put(device, 0xe0000000 + places.at(device) * 0x1000U);
            }
            for (unsigned device = 0; device < kCount; ++device) {
                const std::uint64_t address = 0xe0000000 + places.at(device) * 0x1000U;
                wrong += many.driver.memory_read(address + 0xfff, 1) != device + 1 ? 1 : 0;
                wrong += many.probes.at(device)->bars().at(0)->mapped() != GuestAddress{address};
            }
        }

        CHECK(wrong == 0);
    }

    TEST_CASE("a BAR over ECAM never takes it, and has no place for doorbells (P04)") {
        Probes one(1);

        one.put(0, PciMachine::kEcamBase);

        CHECK(one.driver.read(bdf_of(0), 0, 4) == 0x10f01af4);
        CHECK(one.probes.at(0)->moves.empty());
    }

    TEST_CASE("outside the apertures, at 0 and at the top nothing is decoded (P04)") {
        Probes one(1);
        one.machine.host.topology().set_apertures(
            {{{0xc0000000, 0xdfffffff}, {0x1'00000000, 0x1'ffffffff}}, {{0x1000, 0xffff}}});

        for (const std::uint64_t address :
             {std::uint64_t{0}, std::uint64_t{0xbffff000}, std::uint64_t{0xe0000000},
              std::uint64_t{0xfee00000}, std::uint64_t{0xfffff000}, std::uint64_t{0x2'00000000},
              ~std::uint64_t{0xfff}, ~std::uint64_t{0x1fff}}) {
            CAPTURE(address);
            one.put(0, address);
            CHECK(one.driver.memory_read(address, 1) == 0xff);
        }
        one.put(0, 0xdffff000);
        CHECK(one.driver.memory_read(0xdffff000, 1) == 1);
        one.put(0, 0x1'00000000);
        CHECK(one.driver.memory_read(0x1'00000000, 1) == 1);
    }

    TEST_CASE("doorbells that follow on_bar_moved lose no kick and ring at one place only (P02)") {
        class Doorbelled : public ProbeFunction {
        public:
            Doorbelled(PciPlace place, FakeDoorbells& doorbells)
                : ProbeFunction(std::move(place), 9), doorbells_(doorbells) {}
            ~Doorbelled() override { unplug(); }
            void on_bar_moved(unsigned index, std::optional<GuestAddress> address) override {
                ProbeFunction::on_bar_moved(index, address);
                binding_.reset();
                if (address) {
                    binding_ = *doorbells_.bind(event, DoorbellAddress{*address, 2, std::nullopt});
                }
            }
            EventFd event = *EventFd::create();

        private:
            FakeDoorbells& doorbells_;
            std::unique_ptr<Binding> binding_;
        };
        PciMachine machine;
        Doorbelled device(machine.place(machine.host.root(), DevFn::of(0, 0)), machine.doorbells);
        device.add_probe_bar(0, BarKind::Memory32, 0x1000);
        device.plug();
        DriverPci driver(machine);
        driver.set_command(bdf_of(0), kCommandMemory);

        std::uint64_t kicks = 0;
        for (unsigned move = 0; move < 1000; ++move) {
            const std::uint64_t address = 0xe0000000 + (move % 7) * 0x1000U;
            driver.assign_bar(bdf_of(0), 0, address);
            driver.memory_write(address, 2, 0);
            driver.memory_write(0xe0000000 + ((move + 1) % 7) * 0x1000U, 2, 0);
            kicks += device.event.take();
        }

        CHECK(kicks == 1000);
        CHECK(device.writes == 0);
        CHECK(machine.doorbells.bound().size() == 1);
        driver.set_command(bdf_of(0), 0);
        CHECK(machine.doorbells.bound().empty());
    }

    TEST_CASE("random placements of eight BARs follow the rule: first in the walk wins") {
        const auto seed = std::random_device{}();
        CAPTURE(seed);
        std::mt19937 random(seed);
        constexpr unsigned kCount = 8;
        Probes many(kCount);
        std::array<std::uint64_t, kCount> at{};
        unsigned wrong = 0;
        for (int round = 0; round < 500; ++round) {
            const unsigned moved = random() % kCount;
            at.at(moved) = 0xe0000000 + (random() % 6) * 0x1000U;
            many.put(moved, at.at(moved));
            for (std::uint64_t page = 0xe0000000; page < 0xe0006000; page += 0x1000) {
                const auto winner = std::find(at.begin(), at.end(), page);
                const std::uint64_t expected =
                    winner == at.end() ? 0xff : static_cast<std::uint64_t>(winner - at.begin()) + 1;
                wrong += many.driver.memory_read(page, 1) != expected ? 1 : 0;
            }
        }

        CHECK(wrong == 0);
    }

    TEST_CASE("windows without overlaps hold the same addresses, in order, each once (P10)") {
        CHECK(without_overlaps({{20, 29}, {0, 9}}) == AddressWindows{{0, 9}, {20, 29}});
        CHECK(without_overlaps({{0, 9}, {5, 14}, {9, 9}}) == AddressWindows{{0, 14}});
        CHECK(without_overlaps({{0, 9}, {10, 19}}) == AddressWindows{{0, 9}, {10, 19}});
        CHECK(without_overlaps({{0, ~std::uint64_t{0}}, {5, 6}}) ==
              AddressWindows{{0, ~std::uint64_t{0}}});
        CHECK(without_overlaps({}).empty());
    }

    TEST_CASE("common parts of windows are what both sides hold") {
        CHECK(common_parts({{0, 9}, {20, 29}}, {{5, 24}}) == AddressWindows{{5, 9}, {20, 24}});
        CHECK(common_parts({{0, 9}}, {{10, 20}}).empty());
        CHECK(common_part({0, 9}, {9, 9}) == AddressWindow{9, 9});
    }
}
