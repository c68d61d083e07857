// SPDX-License-Identifier: Apache-2.0
// Proves pci/host_bridge.
#include "pci/host_bridge.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "pci/spec.h"
#include "tests/harness/driver_pci.h"

using namespace siskin;
using namespace siskin::pci_spec;

namespace {

constexpr Bdf kProbe{0, DevFn::of(3, 0)};

struct OneProbe {
    explicit OneProbe(unsigned bus_count = 256)
        : machine(bus_count), probe(machine.place(machine.host.root(), kProbe.devfn), 1) {
        probe.add_express(ExpressRole::Endpoint);
        probe.plug();
    }

    PciMachine machine;
    ProbeFunction probe;
    DriverPci ecam{machine, ConfigAccess::Ecam};
    DriverPci ports{machine, ConfigAccess::Ports};
};

// An independent statement of the routing rule over plain data.
struct ModelBridge {
    unsigned secondary = 0;
    unsigned subordinate = 0;
    std::vector<std::size_t> children;  // indices of bridges on its secondary bus, in order
};

// The index of the bridge whose secondary bus answers, or -1 for the root bus, or -2 for nobody.
int model_route(const std::vector<ModelBridge>& bridges, const std::vector<std::size_t>& bus,
                unsigned number) {
    for (const std::size_t index : bus) {
        const ModelBridge& bridge = bridges.at(index);
        if (number < bridge.secondary || number > bridge.subordinate) {
            continue;
        }
        return number == bridge.secondary ? static_cast<int>(index)
                                          : model_route(bridges, bridge.children, number);
    }
    return -2;
}

// A random tree of conventional bridges, depth 8 at most, each bus with a probe at 1f.0 whose
// subsystem id tells which bus it is on.
struct RandomTree {
    explicit RandomTree(std::mt19937& random, unsigned count) {
        add_probe(machine.host.root(), 0xffff);
        for (unsigned number = 0; number < count; ++number) {
            const bool below = !bridges.empty() && random() % 3 != 0;
            const std::size_t parent = below ? random() % bridges.size() : 0;
            const bool fits = below && depth.at(parent) < 8;
            PciBus& bus = fits ? bridges.at(parent)->secondary() : machine.host.root();
            const auto device = static_cast<unsigned>(bus.functions().size() - 1);
            if (device >= 31) {
                continue;
            }
            bridges.push_back(std::make_unique<PciBridge>(
                machine.place(bus, DevFn::of(device, 0)),
                PciIdentity{.vendor_id = 1, .class_code = 0x060400, .header = HeaderType::Bridge},
                "b", PciBusType::Conventional));
            bridges.back()->plug();
            (fits ? model.at(parent).children : root_children).push_back(bridges.size() - 1);
            depth.push_back(fits ? depth.at(parent) + 1 : 1);
            model.emplace_back();
            add_probe(bridges.back()->secondary(), static_cast<std::uint16_t>(bridges.size() - 1));
        }
    }
    ~RandomTree() {
        probes.clear();
        while (!bridges.empty()) {
            bridges.pop_back();
        }
    }
    void add_probe(PciBus& bus, std::uint16_t which) {
        PciIdentity identity = ProbeFunction::default_identity();
        identity.subsystem_id = which;
        probes.push_back(
            std::make_unique<ProbeFunction>(machine.place(bus, DevFn::of(31, 0)), 1, identity));
        probes.back()->plug();
    }

    PciMachine machine;
    std::vector<std::unique_ptr<PciBridge>> bridges;
    std::vector<std::unique_ptr<ProbeFunction>> probes;
    std::vector<ModelBridge> model;
    std::vector<std::size_t> root_children;
    std::vector<unsigned> depth;
};

}  // namespace

TEST_SUITE("pci/host_bridge") {
    TEST_CASE("both ways lead to the same registers") {
        OneProbe one;

        CHECK(one.ecam.read(kProbe, 0, 4) == 0x10f01af4);
        CHECK(one.ports.read(kProbe, 0, 4) == 0x10f01af4);
        CHECK(one.ports.read(kProbe, 2, 2) == 0x10f0);
        CHECK(one.ports.read(kProbe, 3, 1) == 0x10);
        one.ports.write(kProbe, kInterruptLine, 1, 0x55);
        CHECK(one.ecam.read(kProbe, kInterruptLine, 1) == 0x55);
    }

    TEST_CASE("where nobody is, reads give ones of the width and writes are dropped") {
        OneProbe one;
        const std::vector<Bdf> nobody{{0, DevFn::of(3, 1)},
                                      {0, DevFn::of(4, 0)},
                                      {1, DevFn::of(0, 0)},
                                      {255, DevFn::of(31, 7)}};
        for (const Bdf bdf : nobody) {
            one.ecam.write(bdf, 0x3c, 1, 0);
            CHECK(one.ecam.read(bdf, 0, 1) == 0xff);
            CHECK(one.ecam.read(bdf, 0, 4) == 0xffffffff);
            CHECK(one.ecam.read(bdf, 0, 8) == ~std::uint64_t{0});
            CHECK(one.ports.read(bdf, 0, 4) == 0xffffffff);
        }
    }

    TEST_CASE(
        "CONFIG_ADDRESS takes four bytes, keeps its defined bits; disabled it reads ones (P07)") {
        OneProbe one;

        one.ecam.port_write(0xcf8, 4, 0xffffffff);
        CHECK(one.ecam.port_read(0xcf8, 4) == 0x80fffffc);
        one.ecam.port_write(0xcf8, 2, 0);
        one.ecam.port_write(0xcfa, 1, 0);
        one.ecam.port_write(0xcf8, 1, 0);
        CHECK(one.ecam.port_read(0xcf8, 4) == 0x80fffffc);
        CHECK(one.ecam.port_read(0xcf8, 2) == 0xffff);
        one.ecam.port_write(0xcf8, 4, 0x00001800);
        CHECK(one.ecam.port_read(0xcfc, 4) == 0xffffffff);
        one.ecam.port_write(0xcf8, 4, 0x80001800);
        CHECK(one.ecam.port_read(0xcfc, 4) == 0x10f01af4);
        CHECK(one.ecam.port_read(0xcfd, 2) == 0xf01a);
        CHECK((one.ecam.port_read(0xcfd, 4) >> 24U) == 0xff);  // 0xd00: nobody
        CHECK(one.ecam.port_read(0xcf9, 1) == 0xff);
    }

    TEST_CASE("byte accesses at 0xcf9 go to the reset control register alone (P07)") {
        class Reset : public IoHandler {
        public:
            std::uint64_t read(IoAccess) override { return 0x0e; }
            void write(IoAccess, std::uint64_t value) override { written.push_back(value); }
            std::vector<std::uint64_t> written;
        };
        OneProbe one;
        Reset reset;
        one.machine.host.set_reset_control(&reset);

        one.ecam.port_write(0xcf9, 1, 6);
        one.ecam.port_write(0xcf9, 2, 7);
        one.ecam.port_write(0xcf8, 4, 0x80001800);

        CHECK(reset.written == std::vector<std::uint64_t>{6});
        CHECK(one.ecam.port_read(0xcf9, 1) == 0x0e);
        CHECK(one.ecam.port_read(0xcf8, 4) == 0x80001800);
    }

    TEST_CASE("ECAM accesses across the end of a function read ones there (P11)") {
        OneProbe one;

        CHECK(one.ecam.read(kProbe, 0xffc, 8) == 0xffffffff'00000000);
        CHECK(one.ecam.read(kProbe, 0xfff, 2) == 0xff00);
        CHECK(one.ecam.read(kProbe, 1, 4) == 0x0010f01a);
        one.ecam.write({0, DevFn::of(2, 7)}, 0xffc, 8, 0);
        CHECK(one.ecam.read(kProbe, 0, 4) == 0x10f01af4);
    }

    TEST_CASE("ECAM ends with its last bus (P11)") {
        OneProbe small(4);
        const std::uint64_t end = PciMachine::kEcamBase + small.machine.host.ecam_size();

        CHECK(small.machine.host.ecam_size() == (4ULL << 20));
        CHECK(small.ecam.memory_read(end, 4) == 0xffffffff);
        CHECK(small.machine.host.ecam().read(IoAccess{4ULL << 20, 4}) == 0xffffffff);
        small.machine.host.ecam().write(IoAccess{~std::uint64_t{0}, 1}, 0);
        CHECK(small.ports.read({4, DevFn::of(3, 0)}, 0, 4) == 0xffffffff);
    }

    TEST_CASE("a conventional function has no extended configuration space") {
        PciMachine machine;
        PciIdentity identity = ProbeFunction::default_identity();
        identity.extended_config = false;
        ProbeFunction probe(machine.place(machine.host.root(), kProbe.devfn), 1, identity);
        probe.plug();
        DriverPci driver(machine);

        CHECK(driver.read(kProbe, 0xfc, 4) == 0);
        CHECK(driver.read(kProbe, 0x100, 4) == 0xffffffff);
        CHECK_FALSE(probe.add_express(ExpressRole::Endpoint).has_value());
    }

    TEST_CASE("random bus numbers route as an independent router says (P08)") {
        const auto seed = std::random_device{}();
        CAPTURE(seed);
        std::mt19937 random(seed);
        unsigned wrong = 0;
        unsigned reached = 0;
        for (int round = 0; round < 40; ++round) {
            RandomTree tree(random, 32);
            DriverPci driver(tree.machine);
            for (int programming = 0; programming < 20; ++programming) {
                for (std::size_t index = 0; index < tree.bridges.size(); ++index) {
                    const unsigned limit = random() % 2 == 0 ? 256 : 8;
                    ModelBridge& bridge = tree.model.at(index);
                    bridge.secondary = static_cast<unsigned>(random() % limit);
                    bridge.subordinate = random() % 4 == 0 ? random() % 256 : 255;
                    tree.bridges.at(index)->config_write(
                        IoAccess{kPrimaryBus, 4},
                        random() % 256 | bridge.secondary << 8 | bridge.subordinate << 16);
                }
                for (unsigned number = 0; number < 256; ++number) {
                    const int expected =
                        number == 0 ? -1 : model_route(tree.model, tree.root_children, number);
                    const Bdf bdf{static_cast<std::uint8_t>(number), DevFn::of(31, 0)};
                    const auto got = driver.read(bdf, kSubsystemId, 2);
                    const auto wanted = static_cast<std::uint64_t>(
                        expected == -2 || expected == -1 ? 0xffff : expected);
                    const bool present = driver.is_present(bdf);
                    wrong += got != wanted || present != (expected != -2) ? 1 : 0;
                    reached += expected >= 0 ? 1 : 0;
                }
            }
        }

        CHECK(wrong == 0);
        CHECK(reached > 1000);
    }

    TEST_CASE("reset brings every function and CONFIG_ADDRESS back") {
        OneProbe one;
        one.ecam.port_write(0xcf8, 4, 0x80001800);
        one.ecam.set_command(kProbe, 7);

        one.machine.host.reset();

        CHECK(one.ecam.port_read(0xcf8, 4) == 0);
        CHECK(one.ecam.read(kProbe, kCommand, 2) == 0);
        CHECK(one.probe.resets == 1);
    }
}
