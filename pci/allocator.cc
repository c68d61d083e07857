// SPDX-License-Identifier: Apache-2.0
// Bus numbers, then a plan of sizes from the leaves up, then addresses from the root down.
#include "pci/allocator.h"

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bits.h"
#include "base/text.h"

namespace siskin {

using namespace pci_spec;

namespace {

enum Kind : unsigned { Io, Narrow, Wide, kKindCount };  // Wide: may lie above 4 GiB

constexpr std::array<std::uint64_t, kKindCount> kWindowGranule{0x1000, 0x100000, 0x100000};
constexpr std::array<const char*, kKindCount> kKindName{"I/O", "32-bit memory", "64-bit memory"};

struct BusPlan;

// Something that needs a range: a BAR, or all that is behind a bridge.
struct Item {
    std::uint64_t size;
    std::uint64_t alignment;
    PciFunction* function;
    Bar* bar;                // or
    BusPlan* behind;         // of the bridge `function`
    std::uint64_t base = 0;  // from the start of the plan
};

struct BusPlan {
    std::array<std::vector<Item>, kKindCount> items;
    std::array<std::uint64_t, kKindCount> size{};
    std::array<std::uint64_t, kKindCount> alignment{1, 1, 1};
    std::vector<std::unique_ptr<BusPlan>> children;
    // Per bridge, filled on the way down.
    std::array<std::uint64_t, kKindCount> base{};
};

std::string name_of(const PciFunction& function) {
    return concat(function.type_name(), " at ", to_text(function.bdf()));
}

Kind kind_of(const Bar& bar, bool on_root, bool has_wide) {
    if (bar.is_io()) {
        return Io;
    }
    // PCI-to-PCI Bridge 1.2 §3.2.5.9: behind a bridge only the prefetchable window has 64 bits.
    const bool may_be_wide =
        bar.spec().kind == BarKind::Memory64 && (bar.spec().prefetchable || on_root);
    return may_be_wide && has_wide ? Wide : Narrow;
}

// Biggest alignment first, so nothing is lost between the items; equal ones keep their order.
Result<> lay_out(BusPlan& plan, Kind kind) {
    std::vector<Item>& items = plan.items.at(kind);
    std::stable_sort(items.begin(), items.end(), [](const Item& left, const Item& right) {
        return left.alignment > right.alignment;
    });
    constexpr std::uint64_t kMax = std::uint64_t{1} << 63;
    std::uint64_t end = 0;
    for (Item& item : items) {
        item.base = align_up(end, item.alignment);
        if (item.base > kMax || item.size > kMax - item.base) {
            return fail(concat(name_of(*item.function), " needs more ", kKindName.at(kind),
                               " addresses than there are"));
        }
        end = item.base + item.size;
        plan.alignment.at(kind) = std::max(plan.alignment.at(kind), item.alignment);
    }
    plan.size.at(kind) = end;
    return {};
}

Result<std::unique_ptr<BusPlan>> plan_bus(const PciBus& bus, bool has_wide) {
    auto plan = std::make_unique<BusPlan>();
    for (const auto& [devfn, function] : bus.functions()) {
        for (std::optional<Bar>& bar : function->bars()) {
            if (bar) {
                const std::uint64_t size = bar->spec().size.value();
                plan->items.at(kind_of(*bar, bus.is_root(), has_wide))
                    .push_back(Item{size, size, function, &*bar, nullptr});
            }
        }
        const PciBridge* const bridge = function->as_bridge();
        if (bridge == nullptr) {
            continue;
        }
        plan->children.push_back(SISKIN_TRY(plan_bus(bridge->secondary(), has_wide)));
        BusPlan& behind = *plan->children.back();
        for (const Kind kind : {Io, Narrow, Wide}) {
            const std::uint64_t granule = kWindowGranule.at(kind);
            if (behind.size.at(kind) != 0) {
                plan->items.at(kind).push_back(Item{align_up(behind.size.at(kind), granule),
                                                    std::max(behind.alignment.at(kind), granule),
                                                    function, nullptr, &behind});
            }
        }
    }
    for (const Kind kind : {Io, Narrow, Wide}) {
        SISKIN_TRY(lay_out(*plan, kind));
    }
    return plan;
}

// The root's items, one after the other from the aperture's start.
Result<> fit_root(BusPlan& plan, Kind kind, const AllocatorApertures::Range& aperture) {
    std::uint64_t next = aperture.base;
    for (Item& item : plan.items.at(kind)) {
        const std::uint64_t at = align_up(next, item.alignment);
        const std::uint64_t used = at - aperture.base;
        if (at < next || used > aperture.size || item.size > aperture.size - used) {
            return fail(concat("PCI ", kKindName.at(kind), " aperture of ", aperture.size,
                               " bytes at ", hex(aperture.base), " is exhausted: ",
                               name_of(*item.function), " needs ", item.size, " bytes"));
        }
        item.base = at;
        next = at + item.size;
    }
    return {};
}

void program_bars(BusPlan& plan, std::array<std::uint64_t, kKindCount> base) {
    for (const Kind kind : {Io, Narrow, Wide}) {
        for (Item& item : plan.items.at(kind)) {
            const std::uint64_t at = base.at(kind) + item.base;
            if (item.bar != nullptr) {
                item.bar->program(item.function->config(), at);
            } else {
                item.behind->base.at(kind) = at;
            }
        }
    }
    for (const std::unique_ptr<BusPlan>& child : plan.children) {
        program_bars(*child, child->base);
    }
}

// Window registers hold an inclusive limit; base above limit closes a window (PCI-to-PCI Bridge
// 1.2 §3.2.5.6, §3.2.5.8).
void program_windows(const BusPlan& plan, const PciBus& bus) {
    constexpr PciBridge::Windows kClosed{0xf000, 0xfff, 0xfff00000, 0xfffff, 0xfff00000, 0xfffff};
    std::size_t child = 0;
    for (const auto& [devfn, function] : bus.functions()) {
        PciBridge* const bridge = function->as_bridge();
        if (bridge == nullptr) {
            continue;
        }
        const BusPlan& behind = *plan.children.at(child++);
        PciBridge::Windows windows = kClosed;
        const auto last = [&](Kind kind) {
            return behind.base.at(kind) +
                   (align_up(behind.size.at(kind), kWindowGranule.at(kind)) - 1);
        };
        if (behind.size.at(Io) != 0) {
            windows.io_base = behind.base.at(Io);
            windows.io_limit = last(Io);
        }
        if (behind.size.at(Narrow) != 0) {
            windows.memory_base = behind.base.at(Narrow);
            windows.memory_limit = last(Narrow);
        }
        if (behind.size.at(Wide) != 0) {
            windows.prefetchable_base = behind.base.at(Wide);
            windows.prefetchable_limit = last(Wide);
        }
        bridge->set_windows(windows);
        program_windows(behind, bridge->secondary());
    }
}

// Depth first. Returns the highest number used.
Result<unsigned> number_buses(const PciBus& bus, unsigned highest, unsigned bus_count) {
    const std::uint8_t primary = bus.number();
    for (const auto& [devfn, function] : bus.functions()) {
        PciBridge* const bridge = function->as_bridge();
        if (bridge == nullptr) {
            continue;
        }
        const unsigned secondary = highest + 1;
        if (secondary >= bus_count) {
            return fail(concat("PCI bus numbers are exhausted: ", name_of(*function), " needs bus ",
                               secondary, ", the most is ", bus_count - 1));
        }
        const auto number = static_cast<std::uint8_t>(secondary);
        // All numbers above, while those behind it are not known yet.
        bridge->set_bus_numbers(primary, number, static_cast<std::uint8_t>(bus_count - 1));
        highest = SISKIN_TRY(number_buses(bridge->secondary(), secondary, bus_count));
        bridge->set_bus_numbers(primary, number, static_cast<std::uint8_t>(highest));
    }
    return highest;
}

void stop_decoding(PciFunction& function) {
    function.config().update16(kCommand, kCommandIo | kCommandMemory | kCommandBusMaster, 0);
    function.apply();
}

void enable(PciFunction& function, const InterruptLineOf& interrupt_line) {
    unsigned command = function.config().get16(kCommand);
    for (const std::optional<Bar>& bar : function.bars()) {
        if (bar) {
            command |= bar->is_io() ? kCommandIo : kCommandMemory;
        }
    }
    if (function.as_bridge() != nullptr) {
        command |= kCommandIo | kCommandMemory | kCommandBusMaster;
    }
    function.config().set16(kCommand, static_cast<std::uint16_t>(command));
    if (const unsigned pin = function.config().get8(kInterruptPin); pin != 0) {
        const IntxInput input = function.bus().root_input(function.devfn(), pin - 1);
        function.config().set8(kInterruptLine, interrupt_line(input));
    }
    function.apply();
}

}  // namespace

Result<> assign_resources(HostBridge& host, const AllocatorApertures& apertures,
                          const InterruptLineOf& interrupt_line) {
    const Topology::Batch batch(host.topology());
    for_each_function(host.root(), stop_decoding);
    SISKIN_TRY(number_buses(host.root(), 0, host.bus_count()));

    const bool has_wide = apertures.memory64.size != 0;
    const auto plan = SISKIN_TRY(plan_bus(host.root(), has_wide));
    SISKIN_TRY(fit_root(*plan, Io, apertures.io));
    SISKIN_TRY(fit_root(*plan, Narrow, apertures.memory32));
    SISKIN_TRY(fit_root(*plan, Wide, apertures.memory64));

    program_bars(*plan, {});
    program_windows(*plan, host.root());
    for_each_function(host.root(),
                      [&](PciFunction& function) { enable(function, interrupt_line); });
    return {};
}

}  // namespace siskin
