// SPDX-License-Identifier: Apache-2.0
// Bus numbers, then a plan of sizes from the leaves up, then addresses from the roots down.
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

// What there is not enough of.
class Shortages {
public:
    void note(std::string message) {
        if (found_.size() == kShortagesMax - 1) {
            message = "There are more";
        }
        if (found_.size() < kShortagesMax) {
            found_.push_back(Error{ErrorClass::GenericError, std::move(message)});
        }
    }
    [[nodiscard]] bool any() const { return !found_.empty(); }
    [[nodiscard]] std::vector<Error> take() { return std::move(found_); }

private:
    std::vector<Error> found_;
};

// Something that needs a range: a BAR, all that is behind a bridge, or what it keeps free.
struct Item {
    std::uint64_t size;
    std::uint64_t alignment;
    PciFunction* function;
    Bar* bar;                // or
    BusPlan* behind;         // of the bridge `function`; neither: kept free
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
    const std::string id = function.id().empty() ? "" : concat(" '", function.id(), '\'');
    return concat(function.type_name(), id, " at ", to_text(function.bdf()));
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
void lay_out(BusPlan& plan, Kind kind, Shortages& shortages) {
    std::vector<Item>& items = plan.items.at(kind);
    std::stable_sort(items.begin(), items.end(), [](const Item& left, const Item& right) {
        return left.alignment > right.alignment;
    });
    constexpr std::uint64_t kMax = std::uint64_t{1} << 63;
    std::uint64_t end = 0;
    for (Item& item : items) {
        item.base = align_up(end, item.alignment);
        if (item.base > kMax || item.size > kMax - item.base) {
            shortages.note(concat(name_of(*item.function), " needs more ", kKindName.at(kind),
                                  " addresses than there are"));
            continue;
        }
        end = item.base + item.size;
        plan.alignment.at(kind) = std::max(plan.alignment.at(kind), item.alignment);
    }
    plan.size.at(kind) = end;
}

// A bridge that wants more than is behind it so far has the rest kept free.
void add_reserve(BusPlan& behind, PciBridge& bridge, bool has_wide) {
    const BridgeReserve reserve = bridge.reserve();
    // Without a 64-bit wish or aperture, prefetchable memory comes out of the narrow window.
    const bool is_wide = has_wide && reserve.prefetchable64.has_value();
    const std::uint64_t prefetchable =
        reserve.prefetchable64.value_or(reserve.prefetchable32.value_or(0));
    const std::array<std::uint64_t, kKindCount> wanted{
        reserve.io.value_or(0), reserve.memory.value_or(0) + (is_wide ? 0 : prefetchable),
        is_wide ? prefetchable : 0};
    for (const Kind kind : {Io, Narrow, Wide}) {
        std::uint64_t present = 0;
        for (const Item& item : behind.items.at(kind)) {
            present += item.size;
        }
        if (present < wanted.at(kind)) {
            behind.items.at(kind).push_back(
                Item{wanted.at(kind) - present, 1, &bridge, nullptr, nullptr});
        }
    }
}

std::unique_ptr<BusPlan> plan_bus(const PciBus& bus, bool has_wide, Shortages& shortages) {
    auto plan = std::make_unique<BusPlan>();
    for (const auto& [devfn, function] : bus.functions()) {
        for (std::optional<Bar>& bar : function->bars()) {
            if (bar) {
                const std::uint64_t size = bar->spec().size.value();
                plan->items.at(kind_of(*bar, bus.is_root(), has_wide))
                    .push_back(Item{size, size, function, &*bar, nullptr});
            }
        }
        PciBridge* const bridge = function->as_bridge();
        if (bridge == nullptr) {
            continue;
        }
        plan->children.push_back(plan_bus(bridge->secondary(), has_wide, shortages));
        BusPlan& behind = *plan->children.back();
        add_reserve(behind, *bridge, has_wide);
        for (const Kind kind : {Io, Narrow, Wide}) {
            lay_out(behind, kind, shortages);
        }
        for (const Kind kind : {Io, Narrow, Wide}) {
            const std::uint64_t granule = kWindowGranule.at(kind);
            if (behind.size.at(kind) != 0) {
                plan->items.at(kind).push_back(Item{align_up(behind.size.at(kind), granule),
                                                    std::max(behind.alignment.at(kind), granule),
                                                    function, nullptr, &behind});
            }
        }
    }
    return plan;
}

// A root's items, one after the other from `next`, which is moved behind them. What does not fit is
// left out, for those after it may.
void fit_items(BusPlan& plan, Kind kind, const AllocatorApertures::Range& aperture,
               std::uint64_t& next, Shortages& shortages) {
    for (Item& item : plan.items.at(kind)) {
        const std::uint64_t at = align_up(next, item.alignment);
        const std::uint64_t used = at - aperture.base;
        if (at < next || used > aperture.size || item.size > aperture.size - used) {
            shortages.note(concat("PCI ", kKindName.at(kind), " aperture of ", aperture.size,
                                  " bytes at ", hex(aperture.base), " is exhausted: ",
                                  name_of(*item.function), " needs ", item.size, " bytes"));
            continue;
        }
        item.base = at;
        next = at + item.size;
    }
}

// The least that an expander gets, so that devices may come later; less where there is less.
constexpr std::array<std::uint64_t, kKindCount> kExpanderRoom{0x1000, 32 * kMiB, kGiB};

// The roots one after the other: first the host's own, then a range for each expander.
void fit_roots(const std::vector<PciBus*>& roots,
               const std::vector<std::unique_ptr<BusPlan>>& plans, Kind kind,
               const AllocatorApertures::Range& aperture, Shortages& shortages) {
    std::uint64_t next = aperture.base;
    for (std::size_t index = 0; index < roots.size(); ++index) {
        BusPlan& plan = *plans[index];
        const std::uint64_t granule = kWindowGranule.at(kind);
        if (roots[index]->is_expander()) {
            next = align_up(next, std::max(granule, plan.alignment.at(kind)));
        }
        const std::uint64_t first = next;
        fit_items(plan, kind, aperture, next, shortages);
        if (!roots[index]->is_expander() || aperture.size == 0) {
            continue;
        }
        const std::uint64_t end = aperture.base + aperture.size;
        next = std::min(std::max(align_up(next, granule), first + kExpanderRoom.at(kind)), end);
        PciBus::RootRanges ranges = roots[index]->ranges();
        const PciBus::Range range{first, first < next ? next - first : 0};
        (kind == Io ? ranges.io : kind == Narrow ? ranges.memory32 : ranges.memory64) = range;
        roots[index]->set_ranges(ranges);
    }
}

void program_bars(BusPlan& plan, std::array<std::uint64_t, kKindCount> base) {
    for (const Kind kind : {Io, Narrow, Wide}) {
        for (Item& item : plan.items.at(kind)) {
            const std::uint64_t at = base.at(kind) + item.base;
            if (item.bar != nullptr) {
                item.bar->program(item.function->config(), at);
            } else if (item.behind != nullptr) {
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

// Depth first. Returns the highest number used; `bus_count` is the first that is not the root's. A
// bridge that gets no number is left out, with all behind it.
unsigned number_buses(const PciBus& bus, unsigned highest, unsigned bus_count,
                      Shortages& shortages) {
    const std::uint8_t primary = bus.number();
    for (const auto& [devfn, function] : bus.functions()) {
        PciBridge* const bridge = function->as_bridge();
        if (bridge == nullptr) {
            continue;
        }
        const unsigned secondary = highest + 1;
        if (secondary >= bus_count) {
            shortages.note(concat("PCI bus numbers are exhausted: ", name_of(*function),
                                  " needs bus ", secondary, ", the most is ", bus_count - 1));
            continue;
        }
        const auto number = static_cast<std::uint8_t>(secondary);
        // All numbers above, while those behind it are not known yet.
        bridge->set_bus_numbers(primary, number, static_cast<std::uint8_t>(bus_count - 1));
        highest = number_buses(bridge->secondary(), secondary, bus_count, shortages);
        highest = std::max(highest, secondary + bridge->reserve().buses.value_or(0));
        if (highest >= bus_count) {
            shortages.note(concat("PCI bus numbers are exhausted: ", name_of(*function),
                                  " reserves ", bridge->reserve().buses.value_or(0),
                                  ", the most is bus ", bus_count - 1));
            highest = bus_count - 1;
        }
        bridge->set_bus_numbers(primary, number, static_cast<std::uint8_t>(highest));
    }
    return highest;
}

void stop_decoding(PciFunction& function) {
    function.config().update16(kCommand, kCommandIo | kCommandMemory | kCommandBusMaster, 0);
    function.apply();
}

void enable(PciFunction& function, const InterruptLineOf& interrupt_line) {
    // As firmware leaves functions: decoding, and reporting errors.
    unsigned command = function.config().get16(kCommand) | kCommandSerr;
    for (const std::optional<Bar>& bar : function.bars()) {
        if (bar) {
            command |= bar->is_io() ? kCommandIo : kCommandMemory;
        }
    }
    if (function.as_bridge() != nullptr) {
        command |= kCommandIo | kCommandMemory | kCommandBusMaster;
        function.config().update16(kBridgeControl, kBridgeControlSerr, kBridgeControlSerr);
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
    std::vector<Error> shortages = try_assign_resources(host, apertures, interrupt_line);
    return shortages.empty() ? Result<>() : Result<>(fail(std::move(shortages.front())));
}

std::vector<Error> try_assign_resources(HostBridge& host, const AllocatorApertures& apertures,
                                        const InterruptLineOf& interrupt_line) {
    const Topology::Batch batch(host.topology());
    const std::vector<PciBus*>& roots = host.topology().roots();
    Shortages shortages;
    for_each_function(host.topology(), stop_decoding);
    for (std::size_t index = 0; index < roots.size(); ++index) {
        const unsigned number = roots[index]->number();
        const unsigned end =
            index + 1 < roots.size() ? roots[index + 1]->number() : host.bus_count();
        static_cast<void>(number_buses(*roots[index], number, end, shortages));
    }

    const bool has_wide = apertures.memory64.size != 0;
    std::vector<std::unique_ptr<BusPlan>> plans;
    for (PciBus* const root : roots) {
        root->set_ranges({});
        plans.push_back(plan_bus(*root, has_wide, shortages));
        for (const Kind kind : {Io, Narrow, Wide}) {
            lay_out(*plans.back(), kind, shortages);
        }
    }
    fit_roots(roots, plans, Io, apertures.io, shortages);
    fit_roots(roots, plans, Narrow, apertures.memory32, shortages);
    fit_roots(roots, plans, Wide, apertures.memory64, shortages);
    if (shortages.any()) {
        return shortages.take();
    }

    for (std::size_t index = 0; index < roots.size(); ++index) {
        program_bars(*plans[index], {});
        program_windows(*plans[index], *roots[index]);
    }
    for_each_function(host.topology(),
                      [&](PciFunction& function) { enable(function, interrupt_line); });
    return {};
}

}  // namespace siskin
