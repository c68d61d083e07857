// SPDX-License-Identifier: Apache-2.0
// Topology: from BARs and bridge windows, as programmed, to what answers at which address.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bus/address_space.h"
#include "pci/vga.h"

namespace siskin {

class HotplugNotifier;
class HotplugObserver;
class PciBus;

// [first, last], both inside.
struct AddressWindow {
    std::uint64_t first = 0;
    std::uint64_t last = 0;

    friend bool operator==(const AddressWindow&, const AddressWindow&) = default;
};
using AddressWindows = std::vector<AddressWindow>;

// What both sides hold.
[[nodiscard]] std::optional<AddressWindow> common_part(const AddressWindow& left,
                                                       const AddressWindow& right);
[[nodiscard]] AddressWindows common_parts(const AddressWindows& left, const AddressWindows& right);

// The same addresses, ascending, none of them in two windows. Only of such lists have common parts
// no more windows than both have together: bridges behind each other cannot multiply them.
[[nodiscard]] AddressWindows without_overlaps(AddressWindows windows);

// What the host bridge forwards to the root bus; BARs elsewhere are not decoded. RAM and the
// interrupt controllers in the kernel are not in the AddressSpace: the board leaves them out here.
struct PciApertures {
    AddressWindows memory{{0, ~std::uint64_t{0}}};
    AddressWindows io{{0, 0xffff}};
};

// Knows the root buses, and recomputes both PCI layers after each change of a register that decides
// about decoding. Where BARs overlap, the one that comes first in a walk of the tree wins: lower
// device and function before higher, a bridge's own BARs before what is behind it, that before the
// next device, lower BAR index first. The loser keeps the parts nobody else claims, but its
// doorbells stay unbound. Legacy VGA ranges win over BARs; of several functions that could have
// them, the one has them that became reachable last. Thread: under MachineLock.
class Topology {
public:
    Topology(AddressSpace& memory, AddressSpace& ports) : memory_(memory), ports_(ports) {}
    Topology(const Topology&) = delete;
    Topology& operator=(const Topology&) = delete;

    // The root buses, in ascending order of their numbers. A root takes itself off when it goes.
    void add_root(PciBus& root);
    void remove_root(const PciBus& root);
    [[nodiscard]] const std::vector<PciBus*>& roots() const { return roots_; }
    // Changes whenever a bus number, a bridge or a root did: what was routed by them is stale.
    [[nodiscard]] std::uint64_t routing_generation() const { return routing_generation_; }
    void routing_changed() { ++routing_generation_; }

    // Whom ports tell what the guest does with devices that come and go; null: nobody.
    void set_hotplug_observer(HotplugObserver* observer) { hotplug_observer_ = observer; }
    [[nodiscard]] HotplugObserver* hotplug_observer() const { return hotplug_observer_; }

    // Who tells the guest of them. Null: the registers of the slots do, which then announce
    // hot-plug. To be said before the first port is made.
    void set_hotplug_notifier(HotplugNotifier* notifier) { hotplug_notifier_ = notifier; }
    [[nodiscard]] HotplugNotifier* hotplug_notifier() const { return hotplug_notifier_; }

    void set_apertures(PciApertures apertures);

    // Something decodes differently from now on. Tells each moved BAR (PciFunction::on_bar_moved).
    // The board calls it after a change of the platform's ranges (ECAM moved), too.
    void changed();

    // Holds recomputation back for its lifetime: one publication for many changes.
    class Batch {
    public:
        explicit Batch(Topology& topology) : topology_(topology) { ++topology_.batches_; }
        ~Batch() { topology_.end_batch(); }
        Batch(const Batch&) = delete;
        Batch& operator=(const Batch&) = delete;

    private:
        Topology& topology_;
    };

private:
    struct Placement;
    void end_batch();
    void rebuild();
    [[nodiscard]] bool reaches(const PciBus& bus, std::uint64_t base, std::uint64_t size,
                               bool io) const;
    void place_vga(std::vector<IoRange>& memory, std::vector<IoRange>& ports);
    [[nodiscard]] static bool is_visible(const Placement& placement, const AddressSpace::Map& map);

    AddressSpace& memory_;
    AddressSpace& ports_;
    std::vector<PciBus*> roots_;
    std::uint64_t routing_generation_ = 1;
    HotplugObserver* hotplug_observer_ = nullptr;
    HotplugNotifier* hotplug_notifier_ = nullptr;
    PciApertures apertures_;
    unsigned batches_ = 0;
    bool dirty_ = false;
    VgaArbiter vga_;
};

}  // namespace siskin
