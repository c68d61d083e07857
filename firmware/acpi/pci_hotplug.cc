// SPDX-License-Identifier: Apache-2.0
// Hot-plug of PCI devices in AML.
#include "firmware/acpi/pci_hotplug.h"

#include <algorithm>

#include "base/text.h"

namespace siskin::acpi {
namespace {

constexpr std::string_view kHexDigits = "0123456789ABCDEF";
constexpr const char* kMutex = "\\_SB.PCI0.BLCK";
constexpr const char* kUp = "\\_SB.PCI0.PCIU";
constexpr const char* kDown = "\\_SB.PCI0.PCID";
constexpr const char* kEject = "\\_SB.PCI0.B0EJ";
constexpr const char* kBusSelect = "\\_SB.PCI0.BNUM";
constexpr const char* kIndex = "\\_SB.PCI0.AIDX";
constexpr const char* kDsm = "\\_SB.PCI0.PDSM";
// PCI Firmware 3.3 §4.6: the functions of PCI devices.
constexpr const char* kPciDsm = "e5c937d0-3553-4d7a-9117-ea4d19c3434d";
constexpr std::uint8_t kNameFunction = 7;   // §4.6.7
constexpr std::uint64_t kDeviceCheck = 1;   // ACPI 6.4 §5.6.6, table 5.164
constexpr std::uint64_t kEjectRequest = 3;  // the same

// "S08_" for device 1, function 0.
std::string node_name(const PciNode& node) {
    const std::uint32_t devfn = (node.address >> 16) << 3 | (node.address & 7);
    return {'S', kHexDigits[devfn >> 4 & 0xf], kHexDigits[devfn & 0xf], '_'};
}

// Whether a look for requests finds anything at or below the node.
bool has_hotplug_bus(const PciNode& node) {
    return node.hotplug_bus ||
           std::any_of(node.children.begin(), node.children.end(), has_hotplug_bus);
}

AmlList ask_children(const std::vector<PciNode>& children) {
    AmlList terms;
    for (const PciNode& child : children) {
        if (has_hotplug_bus(child)) {
            // §5.3: a path of several names is not searched for further up.
            terms.push_back(aml::call(concat('^', node_name(child), ".PCNT"), {}));
        }
    }
    return terms;
}

// Tells the devices whose bits are set in Arg0.
AmlList tell_slots(const std::vector<PciNode>& children, std::uint64_t event) {
    AmlList terms;
    for (const PciNode& child : children) {
        if (child.slot) {
            const Aml bit = aml::integer(std::uint64_t{1} << child.slot->device);
            terms.push_back(aml::if_true(aml::bit_and(aml::local(0), bit, aml::integer(0)),
                                         {aml::notify(node_name(child), aml::integer(event))}));
        }
    }
    return terms;
}

void append(AmlList& terms, AmlList more) {
    terms.insert(terms.end(), more.begin(), more.end());
}

// BLCK is held: by whom the event's handler called.
Aml count_method(const PciNode& node) {
    AmlList terms;
    if (node.hotplug_bus) {
        terms.push_back(aml::store(aml::integer(*node.hotplug_bus), aml::path(kBusSelect)));
        terms.push_back(aml::store(aml::path(kUp), aml::local(0)));
        append(terms, tell_slots(node.children, kDeviceCheck));
        terms.push_back(aml::store(aml::path(kDown), aml::local(0)));
        append(terms, tell_slots(node.children, kEjectRequest));
    }
    append(terms, ask_children(node.children));
    return aml::method("PCNT", 0, aml::Serialize::No, terms);
}

Aml node_device(const PciNode& node) {
    AmlList terms{aml::name("_ADR", aml::integer(node.address))};
    if (node.slot) {
        const Aml bus = aml::integer(node.slot->bus);
        const Aml bit = aml::integer(std::uint64_t{1} << node.slot->device);
        // §6.1.11: unique among slots.
        terms.push_back(aml::name("_SUN", aml::integer(node.slot->bus * 32 + node.slot->device)));
        terms.push_back(
            aml::method("_EJ0", 1, aml::Serialize::No, {aml::call("\\_SB.PCI0.PCEJ", {bus, bit})}));
        terms.push_back(
            aml::method("_DSM", 4, aml::Serialize::No,
                        {aml::return_value(aml::call(kDsm, {aml::argument(0), aml::argument(2), bus,
                                                            aml::integer(node.slot->device)}))}));
    }
    for (const PciNode& child : node.children) {
        terms.push_back(node_device(child));
    }
    if (has_hotplug_bus(node)) {
        terms.push_back(count_method(node));
    }
    return aml::device(node_name(node), terms);
}

// PDSM(UUID, function, bus, device): function 0 tells which functions there are, 7 the name.
Aml name_method() {
    const Aml function = aml::argument(1);
    const Aml index = aml::local(0);
    const Aml named = aml::local(1);
    const AmlList body{
        aml::acquire(kMutex),
        aml::store(aml::argument(2), aml::path(kBusSelect)),
        aml::store(aml::argument(3), aml::path(kIndex)),
        aml::store(aml::path(kIndex), index),
        aml::release(kMutex),
        aml::if_true(
            aml::logical_not(aml::equal(index, aml::integer(0))),
            {aml::if_true(aml::equal(function, aml::integer(0)),
                          {aml::return_value(aml::buffer({1U << kNameFunction | 1}))}),
             aml::if_true(aml::equal(function, aml::integer(kNameFunction)),
                          {aml::store(aml::package({aml::integer(0), aml::string("")}), named),
                           aml::store(index, aml::element(named, aml::integer(0))),
                           aml::return_value(named)})})};
    return aml::method("PDSM", 4, aml::Serialize::Yes,
                       {aml::if_true(aml::equal(aml::argument(0), aml::uuid(kPciDsm)), body),
                        aml::return_value(aml::buffer({0}))});
}

}  // namespace

AmlList hotplug_block(const PciHotplugConfig& config) {
    return {
        aml::operation_region("PCST", aml::RegionSpace::SystemIo, config.base,
                              PciHotplugConfig::kBlockLength),
        aml::field(
            "PCST", aml::FieldAccess::Dword,
            {{"PCIU", 32}, {"PCID", 32}, {"B0EJ", 32}, {"PCRM", 32}, {"BNUM", 32}, {"AIDX", 32}}),
        aml::mutex("BLCK"),
        aml::method("PCEJ", 2, aml::Serialize::No,
                    {aml::acquire(kMutex), aml::store(aml::argument(0), aml::path(kBusSelect)),
                     aml::store(aml::argument(1), aml::path(kEject)), aml::release(kMutex)}),
        name_method(),
    };
}

AmlList hotplug_nodes(const std::vector<PciNode>& nodes) {
    AmlList terms;
    for (const PciNode& node : nodes) {
        terms.push_back(node_device(node));
    }
    terms.push_back(aml::method("PCNT", 0, aml::Serialize::No, ask_children(nodes)));
    return terms;
}

// §5.6.4.1: _Exx, as the event is an edge: its status is cleared before the handler runs.
Aml hotplug_event(const std::vector<std::string>& root_paths) {
    AmlList terms{aml::acquire(kMutex)};
    for (const std::string& root : root_paths) {
        terms.push_back(aml::call(concat(root, ".PCNT"), {}));
    }
    terms.push_back(aml::release(kMutex));
    static_assert(PciHotplugConfig::kEvent == 1);
    return aml::scope("\\_GPE", {aml::method("_E01", 0, aml::Serialize::No, terms)});
}

}  // namespace siskin::acpi
