// SPDX-License-Identifier: Apache-2.0
// DevicePlanner: what devices would be on a machine, and all that speaks against them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/bus/address_space.h"
#include "base/bus/machine_lock.h"
#include "base/object/device_tree.h"
#include "base/result.h"
#include "base/value.h"
#include "pci/allocator.h"
#include "pci/host_bridge.h"
#include "pci/hotplug.h"
#include "qmp/generated/types.h"
#include "vmm/machine/device_environment.h"
#include "vmm/machine/machine_config.h"

namespace siskin {

struct PlanOptions {
    bool hot_plug = true;           // as device_add, else as the command line
    bool covers_new_buses = false;  // of hot-plug: nothing has run since the machine began
    AllocatorApertures apertures;
    InterruptLineOf interrupt_line;
};

// Builds the devices with the very functions that device_add and the command line use, on a PCI
// tree of its own that no guest sees: the machine's bridges as they are, a stand-in with the same
// BARs for each other function, no threads and no doorbells. Resources are then assigned there as
// at the machine's next start. For a command line ISA devices are planned, too, on copies of the
// machine's port ranges, serial places and chardevs. Nothing of the machine is changed; block nodes
// are claimed, and so their images locked, for as long as this lives. Of option ROMs the sizes are
// kept alone. Thread: VM loop, without MachineLock.
class DevicePlanner final : private PlaceFinder, private HotplugNotifier {
public:
    // `machine` outlives it.
    DevicePlanner(const DeviceEnvironment& machine, PlanOptions options);
    ~DevicePlanner() override;
    DevicePlanner(const DevicePlanner&) = delete;
    DevicePlanner& operator=(const DevicePlanner&) = delete;

    // Those later in the list find earlier ones in their places, but none that has conflicts.
    // Error: the host has no descriptor left to do it with.
    [[nodiscard]] Result<qmp::MachinePlan> plan(
        const std::vector<qmp::DeviceDescription>& descriptions,
        const std::vector<OptionUse>& globals);

private:
    struct Planned {
        qmp::DevicePlan report;
        PciFunction* function = nullptr;  // none: there are conflicts
    };

    [[nodiscard]] Result<> copy_machine();
    [[nodiscard]] Result<> copy(PciFunction& original, const DeviceTree::Entry* entry);
    [[nodiscard]] Planned add(const qmp::DeviceDescription& description,
                              const std::vector<OptionUse>& globals);
    void describe_all(std::vector<Planned>& planned);
    void describe_one(Planned& planned) const;
    void note_place(PciBus& bus, const PciProperties& properties, std::string_view type_name,
                    const std::string& id, const PlaceRule& rule, std::optional<PciPlace>& place);
    [[nodiscard]] Result<> copy_isa();
    [[nodiscard]] bool has_conflicts() const { return !conflicts_.empty(); }

    // PlaceFinder
    void note(const Result<>& result) override;
    [[nodiscard]] Result<PciPlace> find_place(const PciProperties& properties,
                                              std::string_view type_name, const std::string& id,
                                              const PlaceRule& rule) override;
    // HotplugNotifier
    [[nodiscard]] bool covers(const PciBus& bus) const override;
    void on_plugged(PciBus&, unsigned) override {}
    void request_eject(PciBus&, unsigned) override {}
    void on_removed(PciBus&, unsigned) override {}

    class Services;  // that do nothing

    const DeviceEnvironment& machine_;
    const PlanOptions options_;
    std::set<std::string> covered_;  // the names of buses
    std::optional<PciPlace> copied_place_;
    std::vector<std::string> conflicts_;  // of the device at hand

    AddressSpace memory_;
    AddressSpace ports_;
    MachineLock lock_;
    std::unique_ptr<Services> services_;
    HostBridge host_;
    HostBridge elsewhere_;  // for one that has no place, so that the rest of it is checked, too
    DeviceTree devices_;
    std::optional<DeviceEnvironment> environment_;
    std::vector<std::unique_ptr<PciFunction>> stand_ins_;
};

}  // namespace siskin
