// SPDX-License-Identifier: Apache-2.0
// The trees, and the way back.
#include "tests/fuzz/pci_tree.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "pci/allocator.h"
#include "pci/describe.h"

namespace siskin {

FuzzTree::FuzzTree(TreeShape shape) {
    if (shape == TreeShape::Announced) {
        machine.host.topology().set_hotplug_notifier(this);
    }
    const bool has_controls = shape != TreeShape::Surprise;
    add_small(has_controls, has_controls);
    if (shape == TreeShape::Full) {
        add_switch();
        bridges_.push_back(
            std::make_unique<PciBridge>(machine.place(machine.host.root(), DevFn::of(3, 0)),
                                        PciIdentity{.vendor_id = 1, .header = HeaderType::Bridge},
                                        "br", PciBusType::Conventional));
        bridges_.back()->plug();
        add_probe(bridges_.back()->secondary(), DevFn::of(17, 0)).plug();
        add_probe(machine.host.root(), DevFn::of(4, 0)).plug();
        add_expander();
    }
    run_firmware();
}

// The functions behind a bridge go before it.
FuzzTree::~FuzzTree() {
    machine.host.topology().set_hotplug_observer(nullptr);
    probes.clear();
    vga_.reset();
    while (!bridges_.empty()) {
        bridges_.pop_back();
    }
}

// Bus 1: a slot with two functions that come when the input says so. Bus 2: a device that stays.
void FuzzTree::add_small(bool has_button, bool has_power_controller) {
    PortConfig slot;
    slot.chassis = 1;
    slot.slot = 1;
    slot.attention_button = has_button;
    slot.power_controller_present = has_power_controller;
    PciBus& first = add_port(kRootPortType, machine.host.root(), 1, "rp1", slot).secondary();
    visitors_.push_back(&add_probe(first, DevFn::of(0, 0), true));
    visitors_.push_back(&add_probe(first, DevFn::of(0, 1)));
    PortConfig fixed;
    fixed.hotplug = false;
    fixed.disable_acs = true;
    PciBus& second = add_port(kRootPortType, machine.host.root(), 2, "rp2", fixed).secondary();
    add_probe(second, DevFn::of(0, 0)).plug();
}

void FuzzTree::add_switch() {
    PciBus& top = add_port(kIoh3420Type, machine.host.root(), 5, "io").secondary();
    PciBus& inside = add_port(kUpstreamPortType, top, 0, "up").secondary();
    PciBus& left = add_port(kDownstreamPortType, inside, 0, "d0").secondary();
    vga_ =
        *VgaProbe::create(machine.place(left, DevFn::of(0, 0)), std::make_shared<VgaProbeConfig>());
    PciBus& right = add_port(kDownstreamPortType, inside, 1, "d1").secondary();
    auto bridge = *ConventionalBridge::create_pcie_pci_bridge(
        machine.place(right, DevFn::of(0, 0)), std::make_shared<PciePciBridgeConfig>(),
        machine.msi);
    add_probe(bridge->secondary(), DevFn::of(2, 0)).plug();
    bridges_.push_back(std::move(bridge));
    PciBus& third = add_port(kDownstreamPortType, inside, 2, "d2").secondary();
    add_probe(third, DevFn::of(0, 0)).plug();
}

void FuzzTree::add_expander() {
    auto config = std::make_shared<ExpanderConfig>();
    config->bus_nr = 0x40;
    expander_ = *Expander::create(machine.place(machine.host.root(), DevFn::of(6, 0)), config);
    PciBus& behind = add_port(kRootPortType, expander_->root(), 0, "xp").secondary();
    add_probe(behind, DevFn::of(0, 0)).plug();
}

ExpressPort& FuzzTree::add_port(const DeviceType& type, PciBus& bus, unsigned device,
                                std::string id, const PortConfig& config) {
    auto port = make_port(machine, type, bus, DevFn::of(device, 0), std::move(id), config);
    ExpressPort& added = *port;
    bridges_.push_back(std::move(port));
    return added;
}

ProbeFunction& FuzzTree::add_probe(PciBus& bus, DevFn devfn, bool multifunction) {
    const auto mark = static_cast<std::uint8_t>(probes.size() + 1);
    probes.push_back(
        std::make_unique<ProbeFunction>(machine.place(bus, devfn, multifunction), mark));
    ProbeFunction& probe = *probes.back();
    ExpressOptions options;
    options.function_level_reset = true;
    probe.add_express(ExpressRole::Endpoint, options);
    probe.add_power_management();
    if (mark % 4 != 0) {
        probe.add_aer(AerOptions{.multiple_headers = mark % 2 == 0, .log_max = 2});
    }
    probe.add_probe_bar(0, BarKind::Memory64, 0x4000, true);
    probe.add_probe_bar(2, BarKind::Io, 32);
    probe.add_msix_with_bar(3, 3, machine.msi);
    return probe;
}

void FuzzTree::run_firmware() {
    const AllocatorApertures apertures{
        {0xc0000000, 0x10000000}, {0x8'00000000, 0x8'00000000}, {0x1000, 0xf000}};
    SISKIN_ASSERT(assign_resources(machine.host, apertures, [](IntxInput input) {
                      return input.device;
                  }).has_value());
    for_each_function(machine.host.topology(), [&](PciFunction& function) {
        functions.push_back(&function);
        const auto bytes = function.config().registers().bytes();
        registers_.emplace_back(bytes.begin(), bytes.end());
    });
    for_each_bus(machine.host.topology(), [&](PciBus& bus) { buses.push_back(&bus); });
}

void FuzzTree::start() {
    machine.host.topology().set_hotplug_observer(nullptr);
    machine.msi.refusals = 0;
    ejected_.clear();
    for (ProbeFunction* const visitor : visitors_) {
        visitor->unplug();
    }
    {
        const Topology::Batch batch(machine.host.topology());
        for (const auto& probe : probes) {
            const bool stays =
                std::find(visitors_.begin(), visitors_.end(), probe.get()) == visitors_.end();
            if (!probe->plugged() && stays) {
                plug(*probe);
            }
            probe->set_intx_driven_elsewhere(false);
            probe->moves.clear();
            probe->bus_master_changes.clear();
            probe->msix_changes.clear();
        }
        machine.host.reset();
        for (std::size_t index = 0; index < functions.size(); ++index) {
            write_registers(*functions.at(index), registers_.at(index));
        }
    }
    machine.host.topology().set_hotplug_observer(this);
}

void FuzzTree::write_registers(PciFunction& function, const std::vector<std::uint8_t>& registers) {
    std::copy(registers.begin(), registers.end(), function.config().registers().bytes().begin());
    for (std::optional<Bar>& bar : function.bars()) {
        if (bar) {
            bar->settle(function.config());
        }
    }
    function.apply();
}

// What was left of an earlier stay goes first: a new device has the registers of power-on.
void FuzzTree::plug(ProbeFunction& probe) {
    probe.reset_function();
    probe.plug();
    probe.watch_use();
}

void FuzzTree::unplug(ProbeFunction& probe) {
    probe.unplug();
}

void FuzzTree::on_ejected(PciBus& bus, unsigned /*device*/) {
    ejected_.push_back(&bus);
}

// A guest that obeys at once.
void FuzzTree::request_eject(PciBus& bus, unsigned device) {
    on_ejected(bus, device);
}

void FuzzTree::remove_ejected() {
    for (const PciBus* const bus : std::exchange(ejected_, {})) {
        for (const auto& probe : probes) {
            if (probe->plugged() && &probe->bus() == bus) {
                probe->unplug();
            }
        }
    }
}

namespace {

// A BAR that is decoded has its whole range in the windows of each bridge above.
void check_bar(const PciFunction& function, const Bar& bar) {
    if (!bar.mapped()) {
        return;
    }
    const std::uint64_t base = bar.mapped()->value();
    const AddressWindow range{base, base + (bar.spec().size.value() - 1)};
    SISKIN_ASSERT(base % bar.spec().size.value() == 0 && function.plugged());
    SISKIN_ASSERT(bar.is_io() ? function.decodes_io() : function.decodes_memory());
    SISKIN_ASSERT(bar.wanted(function.config()) == base);
    for (const PciBridge* above = function.bus().parent(); above != nullptr;
         above = above->bus().parent()) {
        const AddressWindows& windows = bar.is_io() ? above->io_windows() : above->memory_windows();
        SISKIN_ASSERT(std::any_of(windows.begin(), windows.end(), [&](const AddressWindow& one) {
            return common_part(one, range) == range;
        }));
    }
}

void check_map(const AddressSpace& space) {
    const auto map = space.map();
    for (std::size_t index = 1; index < map->size(); ++index) {
        const IoRange& before = map->at(index - 1);
        SISKIN_ASSERT(before.base + (before.size - 1) < map->at(index).base);
    }
}

}  // namespace

void FuzzTree::check() {
    for (const auto& probe : probes) {
        for (const std::optional<Bar>& bar : probe->bars()) {
            if (bar) {
                check_bar(*probe, *bar);
            }
        }
        const PciBridge* const above = probe->bus().parent();
        SISKIN_ASSERT(!probe->may_master() ||
                      (probe->plugged() && (above == nullptr || above->may_master())));
        for (std::uint16_t vector = 0; vector < 3; ++vector) {
            SISKIN_ASSERT(!probe->msix()->bound(vector) || probe->may_master());
        }
        // The one who is told that its BAR is reachable is the one who answers.
        const auto mapped = probe->bars().at(0)->mapped();
        SISKIN_ASSERT(!mapped || DriverPci(machine).memory_read(mapped->value(), 1) == probe->mark);
    }
    check_map(machine.memory);
    check_map(machine.ports);
    static_cast<void>(describe(machine.host.root()));
}

}  // namespace siskin
