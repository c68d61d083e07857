// SPDX-License-Identifier: Apache-2.0
// Fuzzes PCI trees: registers, windows, interrupts, errors, hot-plug and resets, by guest and host.
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/text.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/pci_tree.h"

namespace {

using namespace siskin;
using namespace siskin::pci_spec;

constexpr unsigned kStepsMax = 512;

// Registers with effects, so that inputs need not find them first.
enum class Base : std::uint8_t { Header, Express, Power, Msi, Msix, Aer };
struct Register {
    Base base;
    std::uint16_t offset;
    std::uint8_t width;
};
constexpr std::array kRegisters{
    Register{Base::Header, kCommand, 2},
    Register{Base::Header, kStatus, 2},
    Register{Base::Header, kBar0, 4},
    Register{Base::Header, kBar0 + 4, 4},
    Register{Base::Header, kBar0 + 8, 4},
    Register{Base::Header, kBar0 + 12, 4},
    Register{Base::Header, kBar0, 8},
    Register{Base::Header, kPrimaryBus, 4},
    Register{Base::Header, kSecondaryBus, 1},
    Register{Base::Header, kSubordinateBus, 1},
    Register{Base::Header, kIoBase, 2},
    Register{Base::Header, kMemoryBase, 4},
    Register{Base::Header, kPrefetchableBase, 4},
    Register{Base::Header, kPrefetchableBaseUpper, 8},
    Register{Base::Header, kBridgeControl, 2},
    Register{Base::Header, kBridgeControl, 1},
    Register{Base::Express, kExpressDeviceControl, 2},
    Register{Base::Express, kExpressDeviceStatus, 2},
    Register{Base::Express, kExpressLinkControl, 2},
    Register{Base::Express, kExpressSlotControl, 2},
    Register{Base::Express, kExpressSlotStatus, 2},
    Register{Base::Express, kExpressRootControl, 2},
    Register{Base::Express, kExpressDeviceControl2, 2},
    Register{Base::Power, kPowerControl, 2},
    Register{Base::Msi, kMsiControl, 2},
    Register{Base::Msi, kMsiAddress, 4},
    Register{Base::Msi, kMsiAddress + 8, 4},
    Register{Base::Msi, kMsiAddress + 12, 4},
    Register{Base::Msix, kMsixControl, 2},
    Register{Base::Aer, 0x04, 4},  // PCIe 5.0 §7.8.4: uncorrectable status, mask, severity
    Register{Base::Aer, 0x08, 4},
    Register{Base::Aer, 0x0c, 4},
    Register{Base::Aer, 0x10, 4},  // correctable status, mask
    Register{Base::Aer, 0x14, 4},
    Register{Base::Aer, 0x18, 4},  // capabilities and control
    Register{Base::Aer, 0x2c, 4},  // root error command, status
    Register{Base::Aer, 0x30, 4},
};

std::optional<std::uint32_t> offset_of(const PciFunction& function, const Register& reg) {
    const ConfigSpace& config = function.config();
    const auto behind = [&](std::optional<std::uint16_t> at) {
        return at ? std::optional(std::uint32_t{*at} + reg.offset) : std::nullopt;
    };
    switch (reg.base) {
        case Base::Header: return reg.offset;
        case Base::Express: return behind(function.express_offset());
        case Base::Power: return behind(config.find_capability(kCapabilityPowerManagement));
        case Base::Msi: return behind(config.find_capability(kCapabilityMsi));
        case Base::Msix: return behind(config.find_capability(kCapabilityMsix));
        case Base::Aer: return behind(config.find_extended_capability(kExtendedAer));
    }
    return std::nullopt;
}

PciFunction& pick_function(FuzzTree& tree, FuzzInput& input) {
    const std::size_t index = input.pick(tree.functions.size() + tree.probes.size());
    return index < tree.functions.size() ? *tree.functions.at(index)
                                         : *tree.probes.at(index - tree.functions.size());
}

ProbeFunction& pick_probe(FuzzTree& tree, FuzzInput& input) {
    return *tree.probes.at(input.pick(tree.probes.size()));
}

void write_register(FuzzTree& tree, FuzzInput& input) {
    const PciFunction& function = pick_function(tree, input);
    const Register& reg = kRegisters.at(input.pick(kRegisters.size()));
    if (const auto offset = offset_of(function, reg)) {
        DriverPci(tree.machine).write(function.bdf(), *offset, reg.width, input.take(reg.width));
    }
}

// What a driver does first: each part is a bit.
void start_driver(FuzzTree& tree, FuzzInput& input) {
    PciFunction& function = pick_function(tree, input);
    const Bdf bdf = function.bdf();
    DriverPci driver(tree.machine);
    const auto bits = static_cast<unsigned>(input.take(1));
    if ((bits & 1) != 0) {
        driver.set_command(bdf, kCommandIo | kCommandMemory | kCommandBusMaster | kCommandSerr);
    }
    if ((bits & 2) != 0 && function.msix() != nullptr) {
        driver.set_msix_entry(bdf, bits >> 6 & 1, MsiMessage{0xfee00000, bits}, false);
        driver.set_msix_control(bdf, kMsixEnable);
    }
    if ((bits & 4) != 0 && function.express_offset()) {
        driver.write(bdf, *function.express_offset() + std::uint32_t{kExpressDeviceControl}, 2,
                     0xf);
    }
    if ((bits & 8) != 0 && function.aer() != nullptr) {
        const std::uint32_t at = function.aer()->offset();
        driver.write(bdf, at + 0x14, 4, 0);      // no correctable error is masked
        driver.write(bdf, at + 0x18, 4, 0x400);  // the headers of several are kept
        driver.write(bdf, at + 0x2c, 4, 7);      // a root port interrupts for all
    }
}

void access_config(FuzzTree& tree, FuzzInput& input, bool writes) {
    DriverPci driver(tree.machine);
    const auto where = static_cast<std::uint32_t>(input.take(2));
    const unsigned width = 1U << (where >> 14 & 3);
    const Bdf bdf = pick_function(tree, input).bdf();
    if (writes) {
        driver.write(bdf, where & 0xfff, width, input.take(width));
    } else {
        static_cast<void>(driver.read(bdf, where & 0xfff, width));
    }
}

void access_anywhere(FuzzTree& tree, FuzzInput& input) {
    DriverPci driver(tree.machine);
    const std::uint64_t address = PciMachine::kEcamBase + input.take(4) % (256ULL << 20);
    const unsigned width = 1U << input.pick(4);
    driver.memory_write(address, width, input.take(width));
    static_cast<void>(driver.memory_read(address, width));
}

void access_ports(FuzzTree& tree, FuzzInput& input) {
    DriverPci driver(tree.machine);
    const unsigned width = 1U << input.pick(4);
    const auto port = static_cast<std::uint16_t>(0xcf8 + input.pick(10));
    if (input.flip()) {
        const Bdf bdf = pick_function(tree, input).bdf();
        driver.port_write(0xcf8, 4,
                          0x80000000U | std::uint32_t{bdf.bus} << 16 |
                              std::uint32_t{bdf.devfn.value()} << 8 | (input.take(1) & 0xfc));
    }
    driver.port_write(port, width, input.take(width));
    static_cast<void>(driver.port_read(port, width));
}

// The MSI-X table and pending bits among them.
void access_bar(FuzzTree& tree, FuzzInput& input) {
    DriverPci driver(tree.machine);
    const PciFunction& function = pick_function(tree, input);
    const std::optional<Bar>& bar = function.bars().at(input.pick(PciFunction::kBarCount));
    const auto where = static_cast<std::uint32_t>(input.take(2));
    const unsigned width = 1U << (where >> 14 & 3);
    if (!bar || !bar->wanted(function.config())) {
        return;
    }
    const std::uint64_t address = *bar->wanted(function.config()) + (where & 0xfff);
    if (bar->is_io()) {
        const auto port = static_cast<std::uint16_t>(address);
        driver.port_write(port, width, input.take(width));
        static_cast<void>(driver.port_read(port, width));
    } else {
        driver.memory_write(address, width, input.take(width));
        static_cast<void>(driver.memory_read(address, width));
    }
}

void access_legacy(FuzzTree& tree, FuzzInput& input) {
    DriverPci driver(tree.machine);
    const unsigned width = 1U << input.pick(4);
    const auto port = static_cast<std::uint16_t>(input.take(2));
    driver.port_write(port, width, input.take(1));
    static_cast<void>(driver.port_read(port, width));
    const std::uint64_t address = kVgaMemoryBase + input.take(2);
    driver.memory_write(address, width, input.take(1));
    static_cast<void>(driver.memory_read(address, width));
}

void signal_interrupt(FuzzTree& tree, FuzzInput& input) {
    ProbeFunction& probe = pick_probe(tree, input);
    const auto event = probe.msix()->event(static_cast<std::uint16_t>(input.pick(5)));
    if (event) {
        (*event)->signal();
    }
    const auto bits = static_cast<unsigned>(input.take(1));
    probe.set_intx((bits & 1) != 0);
    probe.set_intx_driven_elsewhere((bits & 6) == 6);
    probe.set_transactions_pending((bits & 8) != 0);
    tree.machine.msi.refusals = bits >> 4 & 1;
}

void report_error(FuzzTree& tree, FuzzInput& input) {
    PciFunction& function = pick_function(tree, input);
    const auto bits = static_cast<unsigned>(input.take(2));
    AerError error{.status = 1U << bits % 32,
                   .correctable = (bits & 0x20) != 0,
                   .advisory = (bits & 0x40) != 0};
    if ((bits & 0x80) != 0) {
        error.header = TlpWords{bits, 1, 2, 3};
    }
    if ((bits & 0x100) != 0) {
        error.prefix = TlpWords{bits, 5, 6, 7};
    }
    send_error(function, error);
}

// A device comes, by the rules of the host, is asked to go, or goes by surprise.
void hot_plug(FuzzTree& tree, ProbeFunction& probe, bool by_surprise) {
    const PciBus& bus = probe.bus();
    if (!bus.check_hot_plug().has_value()) {
        return;
    }
    if (!probe.plugged()) {
        if (bus.check_hot_plug_function(tree.machine.place(probe.bus(), probe.devfn()))
                .has_value()) {
            tree.plug(probe);
        }
    } else if (by_surprise) {
        tree.unplug(probe);
    } else {
        bus.request_eject(bus.slot_of(probe.devfn()));
    }
}

// Host and guest about one slot: what the guest writes is power and its indicator.
void talk_about_slot(FuzzTree& tree, FuzzInput& input) {
    constexpr std::array<unsigned, 6> kCommands{
        kExpressSlotPowerOn,           kExpressSlotPowerOn | kExpressSlotEnables,
        kExpressSlotPowerBlinking,     kExpressSlotPowerBlinking | kExpressSlotPoweredOff,
        kExpressSlotPowerIndicatorOff, kExpressSlotPowerIndicatorOff | kExpressSlotPoweredOff,
    };
    ProbeFunction& probe = pick_probe(tree, input);
    const PciBridge* const port = probe.bus().parent();
    for (std::size_t left = 1 + input.pick(6); left > 0; --left) {
        const std::size_t action = input.pick(kCommands.size() + 4);
        if (action >= kCommands.size()) {
            hot_plug(tree, probe, action == kCommands.size());
        } else if (port != nullptr && port->express_offset()) {
            DriverPci(tree.machine)
                .write(port->bdf(), *port->express_offset() + std::uint32_t{kExpressSlotControl}, 2,
                       kCommands.at(action));
        }
        tree.remove_ejected();
    }
}

// What a client may ask for, and mostly is refused.
void ask_for_place(FuzzTree& tree, FuzzInput& input) {
    PciBus& bus = *tree.buses.at(input.pick(tree.buses.size()));
    const auto bits = static_cast<unsigned>(input.take(1));
    PciProperties properties;
    if ((bits & 1) != 0) {
        properties.addr = DevFn(static_cast<std::uint8_t>(input.take(1)));
    }
    properties.multifunction = (bits & 2) != 0;
    properties.acpi_index = (bits & 4) != 0 ? static_cast<std::uint32_t>(input.take(2)) : 0;
    constexpr std::array<const PlaceRule*, 6> kRules{
        &PlaceRule::kEndpoint,       &PlaceRule::kAriEndpoint, &PlaceRule::kRootPort,
        &PlaceRule::kDownstreamPort, &PlaceRule::kBridge,      &PlaceRule::kUpstreamPort};
    const PlaceRule& rule = *kRules.at(input.pick(kRules.size()));
    const std::string id = (bits & 8) != 0 ? bus.name() : std::string();
    static_cast<void>(bus.place(properties, "probe", id, rule).has_value());
    static_cast<void>(bus.check_hot_plug(rule).has_value());
}

// A port, or an expander, which goes again.
void ask_for_bridge(FuzzTree& tree, FuzzInput& input) {
    PciBus& root = tree.machine.host.root();
    constexpr DevFn kFree = DevFn::of(30, 0);
    const auto number = static_cast<std::uint8_t>(input.take(1));
    if (input.flip()) {
        auto config = std::make_shared<ExpanderConfig>();
        config->bus_nr = number;
        static_cast<void>(
            Expander::create(tree.machine.place(root, kFree), std::move(config)).has_value());
        return;
    }
    PortConfig config;
    config.chassis = number % 4;
    config.slot = static_cast<std::uint16_t>(input.take(1) % 4);
    if ((number & 0x80) != 0) {
        config.reserve.memory = ByteCount{input.take(8)};
        config.reserve.prefetchable32 = ByteCount{input.take(4)};
        config.reserve.prefetchable64 = ByteCount{input.take(8)};
    }
    static_cast<void>(
        try_make_port(tree.machine, kRootPortType, root, kFree, "new", config).has_value());
}

void reset_something(FuzzTree& tree, FuzzInput& input) {
    PciFunction& function = pick_function(tree, input);
    switch (input.pick(3)) {
        case 0: tree.machine.host.reset(); break;
        case 1: function.reset_function(ResetKind::Warm); break;
        default:
            if (auto* const device = dynamic_cast<Device*>(&function)) {
                device->reset([] {});
            }
            break;
    }
}

void step(FuzzTree& tree, FuzzInput& input) {
    switch (input.pick(21)) {
        case 0: access_config(tree, input, true); break;
        case 1: access_config(tree, input, false); break;
        case 2: access_anywhere(tree, input); break;
        case 3: access_ports(tree, input); break;
        case 4:
        case 5: access_bar(tree, input); break;
        case 6: access_legacy(tree, input); break;
        case 7: signal_interrupt(tree, input); break;
        case 8: report_error(tree, input); break;
        case 9:
        case 10: talk_about_slot(tree, input); break;
        case 11: ask_for_place(tree, input); break;
        case 12: ask_for_bridge(tree, input); break;
        case 13: reset_something(tree, input); break;
        case 14:
        case 15: start_driver(tree, input); break;
        default: write_register(tree, input); break;
    }
    tree.remove_ejected();
    tree.machine.msi.deliver();
    tree.machine.msi.messages.clear();
}

FuzzTree& tree_of(TreeShape shape) {
    static std::array<std::unique_ptr<FuzzTree>, kTreeShapeCount> trees;
    std::unique_ptr<FuzzTree>& tree = trees.at(static_cast<std::size_t>(shape));
    if (tree == nullptr) {
        tree = std::make_unique<FuzzTree>(shape);
    }
    return *tree;
}

}  // namespace

// The first byte chooses a tree; the rest is steps.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    FuzzInput input(data, size);
    FuzzTree& tree = tree_of(static_cast<TreeShape>(input.pick(kTreeShapeCount)));
    tree.start();
    for (unsigned steps = 0; steps < kStepsMax && !input.empty(); ++steps) {
        step(tree, input);
    }
    tree.check();
    return 0;
}
