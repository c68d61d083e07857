// SPDX-License-Identifier: Apache-2.0
// The walk from BARs through windows to address ranges.
#include "pci/topology.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "pci/bridge.h"
#include "pci/bus.h"

namespace siskin {

std::optional<AddressWindow> common_part(const AddressWindow& left, const AddressWindow& right) {
    const AddressWindow both{std::max(left.first, right.first), std::min(left.last, right.last)};
    return both.first <= both.last ? std::optional(both) : std::nullopt;
}

AddressWindows common_parts(const AddressWindows& left, const AddressWindows& right) {
    AddressWindows parts;
    for (const AddressWindow& one : left) {
        for (const AddressWindow& other : right) {
            if (const auto both = common_part(one, other)) {
                parts.push_back(*both);
            }
        }
    }
    return parts;
}

AddressWindows without_overlaps(AddressWindows windows) {
    std::sort(windows.begin(), windows.end(),
              [](const AddressWindow& left, const AddressWindow& right) {
                  return left.first < right.first;
              });
    AddressWindows merged;
    for (const AddressWindow& window : windows) {
        if (!merged.empty() && window.first <= merged.back().last) {
            merged.back().last = std::max(merged.back().last, window.last);
        } else {
            merged.push_back(window);
        }
    }
    return merged;
}

// One BAR, and where it would be wholly reachable.
struct Topology::Placement {
    PciFunction* function;
    Bar* bar;
    std::optional<GuestAddress> address;
};

namespace {

using Ranges = std::vector<IoRange>;

bool meets_any(const Ranges& ranges, const AddressWindow& window) {
    return std::any_of(ranges.begin(), ranges.end(), [&](const IoRange& range) {
        return range.base <= window.last && window.first <= range.base + (range.size - 1);
    });
}

// Adds what of the BAR lies in `windows`. The address, if that is all of it and free.
std::optional<GuestAddress> add_ranges(Ranges& ranges, const AddressWindows& windows,
                                       const Bar& bar, std::uint64_t base, std::string_view name) {
    const std::uint64_t size = bar.spec().size.value();
    if (size - 1 > std::numeric_limits<std::uint64_t>::max() - base) {
        return std::nullopt;
    }
    const AddressWindow whole{base, base + (size - 1)};
    const bool is_free = !meets_any(ranges, whole);
    bool is_whole = false;
    for (const AddressWindow& window : windows) {
        if (const auto part = common_part(whole, window)) {
            is_whole = is_whole || *part == whole;
            ranges.push_back(IoRange{part->first, part->last - part->first + 1, bar.spec().handler,
                                     part->first - base, name});
        }
    }
    return is_free && is_whole ? std::optional(GuestAddress{base}) : std::nullopt;
}

}  // namespace

void Topology::add_root(PciBus& root) {
    const auto place = std::find_if(roots_.begin(), roots_.end(), [&](const PciBus* present) {
        return present->number() > root.number();
    });
    roots_.insert(place, &root);
    routing_changed();
    changed();
}

void Topology::remove_root(const PciBus& root) {
    std::erase(roots_, &root);
    routing_changed();
    changed();
}

void Topology::set_apertures(PciApertures apertures) {
    apertures_ = std::move(apertures);
    changed();
}

void Topology::changed() {
    if (batches_ != 0) {
        dirty_ = true;
        return;
    }
    rebuild();
}

void Topology::end_batch() {
    --batches_;
    if (batches_ == 0 && dirty_) {
        rebuild();
    }
}

bool Topology::is_visible(const Placement& placement, const AddressSpace::Map& map) {
    const std::uint64_t base = placement.address->value();
    const auto found = std::lower_bound(
        map.begin(), map.end(), base,
        [](const IoRange& range, std::uint64_t wanted) { return range.base < wanted; });
    return found != map.end() && found->base == base &&
           found->size == placement.bar->spec().size.value() &&
           found->handler == placement.bar->spec().handler && found->offset == 0;
}

namespace {

// Calls `visit(function, memory windows, I/O windows)` for every function that is behind `bus`.
template <typename Visitor>
void walk_windows(const PciBus& bus, const AddressWindows& memory, const AddressWindows& io,
                  const Visitor& visit) {
    for (const auto& [devfn, function] : bus.functions()) {
        visit(*function, memory, io);
        const PciBridge* const bridge = function->as_bridge();
        if (bridge != nullptr && !bridge->secondary().functions().empty()) {
            walk_windows(bridge->secondary(), common_parts(memory, bridge->memory_windows()),
                         common_parts(io, bridge->io_windows()), visit);
        }
    }
}

bool holds(const AddressWindows& windows, std::uint64_t base, std::uint64_t size) {
    const AddressWindow wanted{base, base + (size - 1)};
    return std::any_of(windows.begin(), windows.end(), [&](const AddressWindow& window) {
        return common_part(window, wanted) == wanted;
    });
}

}  // namespace

// Whether a function behind `bus` is reached at all of these addresses.
bool Topology::reaches(const PciBus& bus, std::uint64_t base, std::uint64_t size, bool io) const {
    for (const PciBridge* above = bus.parent(); above != nullptr; above = above->bus().parent()) {
        if (!holds(io ? above->io_windows() : above->memory_windows(), base, size)) {
            return false;
        }
    }
    return holds(io ? apertures_.io : apertures_.memory, base, size);
}

void Topology::place_vga(std::vector<IoRange>& memory, std::vector<IoRange>& ports) {
    for_each_function(*this, [&](PciFunction& function) {
        if (VgaClaim* const claim = function.vga()) {
            const PciBus& bus = function.bus();
            const bool has_memory =
                function.decodes_memory() && reaches(bus, kVgaMemoryBase, kVgaMemorySize, false);
            const bool has_ports = function.decodes_io() &&
                                   reaches(bus, kVgaPortsBase, kVgaPortsSize, true) &&
                                   reaches(bus, kVgaMorePortsBase, kVgaMorePortsSize, true);
            vga_.add(*claim, has_memory, has_ports, function.type_name());
        }
    });
    vga_.take(memory, ports);
}

void Topology::rebuild() {
    dirty_ = false;
    Ranges memory;
    Ranges ports;
    std::vector<Placement> placements;
    place_vga(memory, ports);
    const auto visit = [&](PciFunction& function, const AddressWindows& memory_windows,
                           const AddressWindows& io_windows) {
        for (std::optional<Bar>& bar : function.bars()) {
            if (!bar) {
                continue;
            }
            Placement placement{&function, &*bar, std::nullopt};
            const auto wanted = bar->wanted(function.config());
            if (wanted && bar->is_io() && function.decodes_io()) {
                placement.address =
                    add_ranges(ports, io_windows, *bar, *wanted, function.type_name());
            } else if (wanted && !bar->is_io() && function.decodes_memory()) {
                placement.address =
                    add_ranges(memory, memory_windows, *bar, *wanted, function.type_name());
            }
            placements.push_back(placement);
        }
    };
    for (const PciBus* const root : roots_) {
        walk_windows(*root, apertures_.memory, apertures_.io, visit);
    }

    const auto move = [](const Placement& placement, std::optional<GuestAddress> address) {
        placement.bar->set_mapped(address);
        placement.function->on_bar_moved(placement.bar->index(), address);
    };
    for (const Placement& placement : placements) {
        if (placement.bar->mapped() && placement.bar->mapped() != placement.address) {
            move(placement, std::nullopt);
        }
    }
    memory_.set_pci_ranges(std::move(memory));
    ports_.set_pci_ranges(std::move(ports));
    const auto memory_map = memory_.map();
    const auto ports_map = ports_.map();
    for (const Placement& placement : placements) {
        // The platform's ranges win over all BARs; only the published map tells.
        const bool visible =
            placement.address &&
            is_visible(placement, placement.bar->is_io() ? *ports_map : *memory_map);
        if (visible && !placement.bar->mapped()) {
            move(placement, placement.address);
        } else if (!visible && placement.bar->mapped()) {
            move(placement, std::nullopt);
        }
    }
}

}  // namespace siskin
