// SPDX-License-Identifier: Apache-2.0
// Fuzzes configuration space, BARs, windows and MSI-X of a tree whose bus numbers are programmed.
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/text.h"
#include "pci/allocator.h"
#include "pci/conventional_bridge.h"
#include "pci/describe.h"
#include "pci/expander.h"
#include "pci/express_port.h"
#include "pci/vga_probe.h"
#include "tests/harness/driver_pci.h"

namespace {

using namespace siskin;

// Takes values off the input; zeroes when it is used up.
class Input {
public:
    Input(const std::uint8_t* data, std::size_t size) : data_(data), left_(size) {}
    [[nodiscard]] bool empty() const { return left_ == 0; }
    std::uint64_t take(unsigned bytes) {
        std::uint64_t value = 0;
        for (unsigned index = 0; index < bytes && left_ > 0; ++index) {
            value |= std::uint64_t{*data_} << (index * 8);
            ++data_;
            --left_;
        }
        return value;
    }

private:
    const std::uint8_t* data_;
    std::size_t left_;
};

// Two ports with a probe each, a switch with a bridge and a VGA behind it, a conventional bridge
// with a probe, a second root with a port, a probe on the first root.
struct Tree {
    Tree() {
        add_switch();
        for (const unsigned device : {1U, 2U}) {
            ports.push_back(make_port(machine, kRootPortType, machine.host.root(),
                                      DevFn::of(device, 0), concat("rp", device)));
            add_probe(ports.back()->secondary(), 0);
        }
        bridge =
            std::make_unique<PciBridge>(machine.place(machine.host.root(), DevFn::of(3, 0)),
                                        PciIdentity{.vendor_id = 1, .header = HeaderType::Bridge},
                                        "br", PciBusType::Conventional);
        bridge->plug();
        add_probe(bridge->secondary(), 17);
        add_probe(machine.host.root(), 4);
    }
    // As after power-on and firmware: one tree serves all inputs, as making one takes long.
    void start() {
        machine.host.reset();
        machine.msi.refusals = 0;
        const AllocatorApertures apertures{
            {0xc0000000, 0x10000000}, {0x8'00000000, 0x8'00000000}, {0x1000, 0xf000}};
        SISKIN_ASSERT(assign_resources(machine.host, apertures, [](IntxInput input) {
                          return input.device;
                      }).has_value());
    }
    ~Tree() {
        probes.clear();
        vga.reset();
        express_bridge.reset();
        while (!ports.empty()) {
            ports.pop_back();
        }
    }

    void add_switch() {
        ports.push_back(
            make_port(machine, kIoh3420Type, machine.host.root(), DevFn::of(5, 0), "io"));
        ports.push_back(make_port(machine, kUpstreamPortType, ports.back()->secondary(),
                                  DevFn::of(0, 0), "up"));
        PciBus& inside = ports.back()->secondary();
        ports.push_back(make_port(machine, kDownstreamPortType, inside, DevFn::of(0, 0), "d0"));
        vga = *VgaProbe::create(machine.place(ports.back()->secondary(), DevFn::of(0, 0)),
                                std::make_shared<VgaProbeConfig>());
        ports.push_back(make_port(machine, kDownstreamPortType, inside, DevFn::of(1, 0), "d1"));
        express_bridge = *ConventionalBridge::create_pcie_pci_bridge(
            machine.place(ports.back()->secondary(), DevFn::of(0, 0)),
            std::make_shared<PciePciBridgeConfig>(), machine.msi);
        add_probe(express_bridge->secondary(), 2);
        auto config = std::make_shared<ExpanderConfig>();
        config->bus_nr = 0x40;
        expander = *Expander::create(machine.place(machine.host.root(), DevFn::of(6, 0)), config);
        ports.push_back(make_port(machine, kRootPortType, expander->root(), DevFn::of(0, 0), "xp"));
        add_probe(ports.back()->secondary(), 0);
    }
    void add_probe(PciBus& bus, unsigned device) {
        probes.push_back(std::make_unique<ProbeFunction>(machine.place(bus, DevFn::of(device, 0)),
                                                         static_cast<std::uint8_t>(device)));
        ProbeFunction& probe = *probes.back();
        ExpressOptions options;
        options.function_level_reset = true;
        probe.add_express(ExpressRole::Endpoint, options);
        probe.add_power_management();
        probe.add_aer(AerOptions{});
        probe.add_probe_bar(0, BarKind::Memory64, 0x4000, true);
        probe.add_probe_bar(2, BarKind::Io, 32);
        probe.add_msix_with_bar(3, 3, machine.msi);
        probe.plug();
    }

    PciMachine machine;
    std::unique_ptr<Expander> expander;
    std::unique_ptr<PciBridge> bridge;
    std::vector<std::unique_ptr<ExpressPort>> ports;
    std::unique_ptr<ConventionalBridge> express_bridge;
    std::unique_ptr<VgaProbe> vga;
    std::vector<std::unique_ptr<ProbeFunction>> probes;
};

void device_signals(Tree& tree, Input& input) {
    ProbeFunction& probe = *tree.probes.at(input.take(1) % tree.probes.size());
    const auto event = probe.msix()->event(static_cast<std::uint16_t>(input.take(1) % 5));
    if (event) {
        (*event)->signal();
    }
    probe.set_intx(input.take(1) % 2 == 0);
    const auto bits = static_cast<unsigned>(input.take(1));
    send_error(probe, AerError{.status = 1U << bits % 32,
                               .correctable = bits / 32 % 2 == 0,
                               .advisory = bits >= 128});
    tree.machine.msi.refusals = static_cast<unsigned>(input.take(1) % 2);
}

void step(Tree& tree, Input& input) {
    constexpr std::array<std::uint64_t, 4> kBases{PciMachine::kEcamBase, 0xc0000000, 0x8'00000000,
                                                  0};
    DriverPci driver(tree.machine);
    const std::uint64_t choice = input.take(1);
    const unsigned width = 1U << (choice >> 6);
    switch (choice % 8) {
        case 0:
        case 1: {  // configuration of a function that is likely there
            const std::uint64_t bus = input.take(1) % 16;
            const Bdf bdf{static_cast<std::uint8_t>(bus < 12 ? bus : 0x40 + (bus - 12)),
                          DevFn::of(static_cast<unsigned>(input.take(1) % 8), 0)};
            const std::uint64_t offset = input.take(1);
            driver.write(bdf,
                         static_cast<std::uint32_t>(width == 8 ? 0x100 + offset % 0x60 : offset),
                         width, input.take(width));
            break;
        }
        case 2:  // anywhere in ECAM
            driver.memory_write(PciMachine::kEcamBase + input.take(4) % (256ULL << 20), width,
                                input.take(width));
            break;
        case 3:
            static_cast<void>(
                driver.memory_read(PciMachine::kEcamBase + input.take(4) % (256ULL << 20), width));
            break;
        case 4:
            driver.port_write(static_cast<std::uint16_t>(0xcf8 + input.take(1) % 8), width,
                              input.take(width));
            static_cast<void>(
                driver.port_read(static_cast<std::uint16_t>(0xcf8 + input.take(1) % 8), width));
            break;
        case 5:
        case 6: {  // BARs, the MSI-X table and pending bits among them
            const std::uint64_t address = kBases.at(input.take(1) % 4) + input.take(3);
            driver.memory_write(address, width, input.take(width));
            static_cast<void>(driver.memory_read(address, width));
            break;
        }
        default: device_signals(tree, input); break;
    }
    tree.machine.msi.deliver();
    tree.machine.msi.messages.clear();
}

// What holds whatever the guest did.
void check(Tree& tree) {
    for (const auto& probe : tree.probes) {
        for (const auto& bar : probe->bars()) {
            const auto mapped = bar ? bar->mapped() : std::nullopt;
            SISKIN_ASSERT(!mapped || mapped->value() % bar->spec().size.value() == 0);
        }
        for (std::uint16_t vector = 0; vector < 3; ++vector) {
            SISKIN_ASSERT(!probe->msix()->bound(vector) || probe->may_master());
        }
    }
    static_cast<void>(describe(tree.machine.host.root()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Tree tree;
    tree.start();
    Input input(data, size);
    for (unsigned steps = 0; steps < 512 && !input.empty(); ++steps) {
        step(tree, input);
    }
    check(tree);
    tree.machine.host.reset();
    check(tree);
    return 0;
}
