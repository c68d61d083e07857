// SPDX-License-Identifier: Apache-2.0
// PciBus: who sits where, and where a newcomer may sit.
#include "pci/bus.h"

#include "base/text.h"
#include "pci/bridge.h"
#include "pci/hotplug.h"
#include "pci/topology.h"

namespace siskin {
namespace {

// As QEMU's messages have it: "5.1".
std::string short_text(DevFn devfn) {
    return concat(hex(devfn.device()).substr(2), ".", devfn.function());
}

// As in QEMU: the names that Linux makes of it have 14 bits for it.
constexpr std::uint32_t kAcpiIndexMax = 16383;

Result<> check_acpi_index(const Topology& topology, std::uint32_t index) {
    if (index > kAcpiIndexMax) {
        return fail(concat("acpi-index should be less or equal to ", kAcpiIndexMax));
    }
    bool is_taken = false;
    for_each_function(topology, [&](const PciFunction& function) {
        is_taken = is_taken || (index != 0 && function.acpi_index() == index);
    });
    if (is_taken) {
        return fail(concat("a PCI device with acpi-index = ", index, " already exist"));
    }
    return {};
}

}  // namespace

PciBus::PciBus(std::string name, PciBusType type, Topology& topology, IntxRouter& intx,
               std::uint8_t number)
    : name_(std::move(name)),
      type_(type),
      parent_(nullptr),
      root_number_(number),
      topology_(topology),
      intx_(intx) {}

PciBus::PciBus(std::string name, PciBusType type, PciBridge& parent)
    : name_(std::move(name)),
      type_(type),
      parent_(&parent),
      topology_(parent.bus().topology()),
      intx_(parent.bus().intx()) {}

std::uint8_t PciBus::number() const {
    return parent_ != nullptr ? parent_->secondary_number() : root_number_;
}

// PCIe 5.0 §7.3.1: a link has one device, number 0. The bus inside a switch is no link.
bool PciBus::has_one_device() const {
    return parent_ != nullptr && parent_->has_one_device();
}

// §6.13: with ARI the device number is part of the function's, for those that the function 0 of the
// device leads to.
unsigned PciBus::device_count(const PlaceRule& rule) const {
    const PciFunction* const first = function(DevFn::of(0, 0));
    const bool has_ari = rule.ari && first != nullptr && first->has_ari();
    return has_one_device() && !has_ari ? 1 : DevFn::kDeviceCount;
}

std::uint8_t PciBus::next_ari_function(DevFn devfn) const {
    for (auto next = functions_.upper_bound(devfn); next != functions_.end(); ++next) {
        if (next->second->has_ari()) {
            return next->first.value();
        }
    }
    return 0;
}

Result<PciPlace> PciBus::place(const PciProperties& properties, std::string_view type_name,
                               std::string_view id, const PlaceRule& rule) {
    std::shared_ptr<OptionRom> rom = SISKIN_TRY(OptionRom::load(properties));
    PlaceSearch search = search_place(properties, type_name, id, rule);
    if (!search.place) {
        return fail(std::move(search.problems.front()));
    }
    search.place->rom = std::move(rom);
    return std::move(*search.place);
}

PciBus::PlaceSearch PciBus::search_place(const PciProperties& properties,
                                         std::string_view type_name, std::string_view id,
                                         const PlaceRule& rule) {
    PlaceSearch search;
    const auto note = [&](const Result<>& result) {
        if (!result) {
            search.problems.push_back(result.error());
        }
    };
    const std::string_view objection = rule.objection(*this);
    if (!objection.empty()) {
        note(fail(concat("PCI: ", objection, ": ", type_name, " on bus '", name_, '\'',
                         free_buses(topology_, rule))));
    }
    if (!id.empty() && siskin::find_bus(topology_, id) != nullptr) {
        note(fail(concat("the id '", id, "' is the name of a bus")));
    }
    // Where another bus is needed, nothing is said about the places on this one.
    const Result<DevFn> devfn =
        objection.empty() ? choose_devfn(properties, type_name, rule) : DevFn();
    note(devfn ? Result<>() : Result<>(fail(devfn.error())));
    if (devfn && objection.empty()) {
        note(check_multifunction(*devfn, properties.multifunction));
    }
    note(check_acpi_index(topology_, properties.acpi_index));
    if (search.problems.empty()) {
        search.place.emplace(PciPlace{this, *devfn, properties.multifunction,
                                      std::string(type_name), std::string(id), nullptr,
                                      properties.acpi_index});
    }
    return search;
}

Result<DevFn> PciBus::choose_devfn(const PciProperties& properties, std::string_view type_name,
                                   const PlaceRule& rule) const {
    if (properties.addr) {
        const DevFn devfn = *properties.addr;
        if (devfn.device() >= device_count(rule)) {
            return fail(concat("PCI: slot ", devfn.device(), " is not valid for ", type_name,
                               ", parent device only allows plugging into slot 0."));
        }
        if (const PciFunction* const present = function(devfn)) {
            return fail(concat("PCI: slot ", devfn.device(), " function ", devfn.function(),
                               " not available for ", type_name, ", in use by ",
                               present->type_name(), ",id=", present->id()));
        }
        return devfn;
    }
    if (const auto slot = free_slot()) {
        return *slot;
    }
    return fail(concat("PCI: no slot/function available for ", type_name,
                       ", all in use or reserved: bus '", name_, "' is full",
                       free_buses(topology_, rule)));
}

// The first slot without any function.
std::optional<DevFn> PciBus::free_slot() const {
    for (unsigned device = 0; device < device_count(); ++device) {
        const auto first = functions_.lower_bound(DevFn::of(device, 0));
        if (first == functions_.end() || first->first.device() != device) {
            return DevFn::of(device, 0);
        }
    }
    return std::nullopt;
}

bool PciBus::has_room() const {
    return free_slot().has_value();
}

bool PciBus::is_hot_pluggable() const {
    const HotplugNotifier* const notifier = topology_.hotplug_notifier();
    return parent_ != nullptr && parent_->allows_hot_plug() &&
           (notifier == nullptr || notifier->covers(*this));
}

void PciBus::request_eject(unsigned device) const {
    if (HotplugNotifier* const notifier = topology_.hotplug_notifier()) {
        notifier->request_eject(parent_->secondary(), device);
    } else {
        parent_->request_eject(device);
    }
}

Result<> PciBus::check_hot_plug_function(const PciPlace& place) const {
    const unsigned device = slot_of(place.devfn);
    const PciFunction* const first = function(DevFn::of(device, 0));
    if (place.devfn != DevFn::of(device, 0) && first != nullptr) {
        return fail(concat("PCI: slot ", device, " function 0 already occupied by ",
                           first->type_name(), ", new func ", place.type_name,
                           " cannot be exposed to guest."));
    }
    return {};
}

Result<> PciBus::check_hot_plug(const PlaceRule& rule) const {
    if (is_hot_pluggable()) {
        return {};
    }
    std::string others;
    for_each_bus(topology_, [&](const PciBus& bus) {
        if (others.empty() && bus.is_hot_pluggable() && rule.objection(bus).empty() &&
            bus.has_room()) {
            others = concat("; free: '", bus.name(), '\'');
        }
    });
    return fail(concat("Bus '", name_, "' does not support hotplugging", others));
}

// PCIe 5.0 §7.5.1.1.9: function 0 tells whether there are others.
Result<> PciBus::check_multifunction(DevFn devfn, bool multifunction) const {
    const DevFn first = DevFn::of(slot_of(devfn), 0);
    if (devfn != first) {
        const PciFunction* const present = function(first);
        if (present != nullptr && !present->multifunction()) {
            return fail(concat("PCI: single function device can't be populated in function ",
                               short_text(devfn)));
        }
        return {};
    }
    for (const auto& [other, present] : functions_) {
        if (!multifunction && slot_of(other) == first.device()) {
            return fail(concat("PCI: ", short_text(first), " indicates single function, but ",
                               short_text(other), " is already populated."));
        }
    }
    return {};
}

PciFunction* PciBus::function(DevFn devfn) const {
    const auto found = functions_.find(devfn);
    return found != functions_.end() ? found->second : nullptr;
}

PciFunction* PciBus::target_of(DevFn devfn) const {
    const bool gated = devfn.device() != 0 && has_one_device();
    return gated && !parent_->forwards_by_ari() ? nullptr : function(devfn);
}

IntxInput PciBus::root_input(DevFn devfn, unsigned pin) const {
    // §6.13: with ARI all functions are device 0's.
    unsigned device = slot_of(devfn);
    for (const PciBridge* bridge = parent_; bridge != nullptr; bridge = bridge->bus().parent()) {
        pin = swizzled_pin(device, pin);
        device = bridge->devfn().device();
    }
    return IntxInput{static_cast<std::uint8_t>(device), static_cast<std::uint8_t>(pin)};
}

void PciBus::add(PciFunction& function) {
    functions_.emplace(function.devfn(), &function);
    topology_.routing_changed();
    if (parent_ != nullptr) {
        parent_->on_presence();
    }
    HotplugNotifier* const notifier = topology_.hotplug_notifier();
    if (notifier != nullptr && topology_.hotplug_observer() != nullptr &&
        function.devfn().function() == 0) {
        notifier->on_plugged(*this, function.devfn().device());
    }
}

void PciBus::remove(const PciFunction& function) {
    functions_.erase(function.devfn());
    topology_.routing_changed();
    if (parent_ != nullptr) {
        parent_->on_presence();
    }
    HotplugNotifier* const notifier = topology_.hotplug_notifier();
    if (notifier != nullptr && topology_.hotplug_observer() != nullptr &&
        function.devfn().function() == 0) {
        notifier->on_removed(*this, function.devfn().device());
    }
}

PciBus* find_bus(const Topology& topology, std::string_view name) {
    PciBus* found = nullptr;
    for_each_bus(topology, [&](PciBus& bus) {
        if (found == nullptr && bus.name() == name) {
            found = &bus;
        }
    });
    return found;
}

std::string new_bus_name(const Topology& topology, const std::string& id, std::string_view prefix) {
    if (!id.empty()) {
        return id;
    }
    unsigned number = 1;
    while (find_bus(topology, concat(prefix, number)) != nullptr) {
        ++number;
    }
    return concat(prefix, number);
}

}  // namespace siskin
