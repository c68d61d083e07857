// SPDX-License-Identifier: Apache-2.0
// The DSDT.
#include "firmware/acpi/dsdt.h"

#include <algorithm>
#include <string>

#include "base/text.h"
#include "firmware/acpi/aml.h"
#include "firmware/acpi/pci_hotplug.h"
#include "firmware/acpi/pci_routing.h"
#include "firmware/acpi/resources.h"

namespace siskin::acpi {
namespace {

constexpr std::uint8_t kDsdtRevision = 2;  // §19.6.29: from 2 on integers have 64 bits

// PCI Firmware 3.3 §4.5.1: the UUID of a host bridge's _OSC and the revision that is defined.
constexpr const char* kPciHostBridgeUuid = "33db4d5b-1ff7-401c-9657-7441c03dd766";
constexpr std::uint64_t kOscRevision = 1;
constexpr std::uint64_t kOscDwords = 3;
// ACPI 6.4 §6.2.11.1: the status bits _OSC returns in its first dword.
constexpr std::uint64_t kOscFailure = 1U << 1;
constexpr std::uint64_t kOscUnknownUuid = 1U << 2;
constexpr std::uint64_t kOscUnknownRevision = 1U << 3;
constexpr std::uint64_t kOscMasked = 1U << 4;

// CONFIG_ADDRESS and CONFIG_DATA (PCI Local Bus 3.0 §3.2.2.3.2): the bridge's own ports.
constexpr std::uint16_t kConfigPorts = 0xcf8;
constexpr std::uint8_t kConfigPortCount = 8;

std::uint64_t end_of(const PciWindow& window) {
    return window.base.value() + window.size.value();
}

// What is left of `windows` without `holes`.
std::vector<PciWindow> without(std::vector<PciWindow> windows,
                               const std::vector<PciWindow>& holes) {
    for (const PciWindow& hole : holes) {
        std::vector<PciWindow> left;
        for (const PciWindow& window : windows) {
            const std::uint64_t begin = window.base.value();
            const std::uint64_t end = end_of(window);
            const std::uint64_t hole_begin = std::clamp(hole.base.value(), begin, end);
            const std::uint64_t hole_end = std::clamp(end_of(hole), begin, end);
            if (begin < hole_begin) {
                left.push_back({window.base, ByteCount{hole_begin - begin}});
            }
            if (std::max(hole_end, hole_begin) < end) {
                const std::uint64_t next = std::max(hole_end, hole_begin);
                left.push_back({GuestAddress{next}, ByteCount{end - next}});
            }
        }
        windows = std::move(left);
    }
    return windows;
}

// One root bus: its bus numbers and the addresses that it passes on.
struct Root {
    std::uint8_t first_bus;
    std::uint8_t last_bus;
    std::vector<PciWindow> io_windows;
    std::vector<PciWindow> memory_windows;
};

Root first_root(const AcpiConfig& config) {
    Root root{config.ecam.first_bus, config.ecam.last_bus, {}, {}};
    std::vector<PciWindow> ports{{GuestAddress{kConfigPorts}, ByteCount{kConfigPortCount}}};
    std::vector<PciWindow> memory;
    for (const PciExpander& expander : config.expanders) {
        if (expander.io_window) {
            ports.push_back(*expander.io_window);
        }
        memory.insert(memory.end(), expander.memory_windows.begin(), expander.memory_windows.end());
    }
    if (!config.expanders.empty()) {
        root.last_bus = static_cast<std::uint8_t>(config.expanders.front().first_bus - 1);
    }
    root.io_windows = without({config.io_window}, ports);
    root.memory_windows = without(config.memory_windows, memory);
    return root;
}

Root expander_root(const AcpiConfig& config, std::size_t index) {
    const PciExpander& expander = config.expanders[index];
    Root root{expander.first_bus, config.ecam.last_bus, {}, expander.memory_windows};
    if (index + 1 < config.expanders.size()) {
        root.last_bus = static_cast<std::uint8_t>(config.expanders[index + 1].first_bus - 1);
    }
    if (expander.io_window) {
        root.io_windows.push_back(*expander.io_window);
    }
    return root;
}

std::vector<resource::Descriptor> root_resources(const Root& root) {
    std::vector<resource::Descriptor> out;
    out.push_back(resource::word_bus_number(root.first_bus, root.last_bus));
    for (const PciWindow& window : root.io_windows) {
        out.push_back(resource::word_io(static_cast<std::uint16_t>(window.base.value()),
                                        static_cast<std::uint32_t>(window.size.value())));
    }
    for (const PciWindow& window : root.memory_windows) {
        if (end_of(window) <= 4 * kGiB) {
            out.push_back(resource::dword_memory(static_cast<std::uint32_t>(window.base.value()),
                                                 window.size.value()));
        } else {
            out.push_back(resource::qword_memory(window.base.value(), window.size.value(),
                                                 resource::Usage::Producer));
        }
    }
    return out;
}

// §6.2.13: {address with function 0xffff, pin, source 0: a GSI, the GSI}
Aml interrupt_routing() {
    AmlList rows;
    for (std::uint32_t slot = 0; slot < kPciSlots; ++slot) {
        for (std::uint32_t pin = 0; pin < kPciPins; ++pin) {
            rows.push_back(
                aml::package({aml::integer((slot << 16) | 0xffff), aml::integer(pin),
                              aml::integer(0), aml::integer(pci_intx_gsi(slot, pin).value())}));
        }
    }
    return aml::package(rows);
}

// PCI Firmware 3.3 §4.5.1: control is granted bit by bit; what is asked and not granted is cleared
// and told as "capabilities masked". Asking has no effect, so a query needs no case of its own.
Aml host_bridge_osc(const AcpiConfig& config) {
    const Aml status = aml::path("CDW1");
    const Aml control = aml::path("CDW3");
    const Aml granted = aml::local(0);
    const auto refuse_if = [&](const Aml& predicate, std::uint64_t reason) {
        return aml::if_true(predicate, {aml::bit_or(status, aml::integer(reason), status),
                                        aml::return_value(aml::argument(3))});
    };
    return aml::method(
        "_OSC", 4, aml::Serialize::Yes,
        {aml::create_dword_field(aml::argument(3), 0, "CDW1"),
         refuse_if(aml::logical_not(aml::equal(aml::argument(0), aml::uuid(kPciHostBridgeUuid))),
                   kOscUnknownUuid),
         refuse_if(aml::logical_not(aml::equal(aml::argument(1), aml::integer(kOscRevision))),
                   kOscUnknownRevision),
         refuse_if(aml::less(aml::argument(2), aml::integer(kOscDwords)), kOscFailure),
         aml::create_dword_field(aml::argument(3), 8, "CDW3"),
         aml::bit_and(control, aml::integer(config.osc_granted), granted),
         aml::if_true(aml::logical_not(aml::equal(control, granted)),
                      {aml::bit_or(status, aml::integer(kOscMasked), status)}),
         aml::store(granted, control), aml::return_value(aml::argument(3))});
}

Aml com1() {
    return aml::device(
        "COM1",
        {aml::name("_HID", aml::eisa_id("PNP0501")), aml::name("_UID", aml::integer(1)),
         aml::name("_CRS", resource::make_template({resource::io(0x3f8, 8), resource::irq(4)}))});
}

Aml rtc() {
    return aml::device(
        "RTC",
        {aml::name("_HID", aml::eisa_id("PNP0B00")),
         aml::name("_CRS", resource::make_template({resource::io(0x70, 2), resource::irq(8)}))});
}

Aml lpc_bridge(const AcpiConfig& config) {
    AmlList terms{aml::name("_ADR", aml::integer(config.lpc_address))};
    if (config.com1_present) {
        terms.push_back(com1());
    }
    if (config.rtc_present) {
        terms.push_back(rtc());
    }
    return aml::device("LPC", terms);
}

// What a host bridge is to the operating system, whichever root bus it has.
AmlList host_bridge_terms(const AcpiConfig& config, const Root& root, Aml resources) {
    return {
        aml::name("_HID", aml::eisa_id("PNP0A08")),      aml::name("_CID", aml::eisa_id("PNP0A03")),
        aml::name("_UID", aml::integer(root.first_bus)), aml::name("_SEG", aml::integer(0)),
        aml::name("_BBN", aml::integer(root.first_bus)), aml::name("_CRS", resources),
        aml::name("_PRT", interrupt_routing()),          host_bridge_osc(config)};
}

Aml host_bridge(const AcpiConfig& config) {
    const Root root = first_root(config);
    std::vector<resource::Descriptor> resources = root_resources(root);
    resources.insert(resources.begin() + 1, resource::io(kConfigPorts, kConfigPortCount));
    AmlList terms = host_bridge_terms(config, root, resource::make_template(resources));
    if (config.pci_hotplug) {
        for (const AmlList& more :
             {hotplug_block(*config.pci_hotplug), hotplug_nodes(config.nodes)}) {
            terms.insert(terms.end(), more.begin(), more.end());
        }
    }
    terms.push_back(lpc_bridge(config));
    return aml::device("PCI0", terms);
}

constexpr std::string_view kHexDigits = "0123456789ABCDEF";

// "PC80" for bus 0x80.
std::string expander_name(std::uint8_t bus) {
    return {'P', 'C', kHexDigits[bus >> 4], kHexDigits[bus & 0xf]};
}

Aml expander_bridge(const AcpiConfig& config, std::size_t index) {
    const Root root = expander_root(config, index);
    AmlList terms = host_bridge_terms(config, root, resource::make_template(root_resources(root)));
    if (config.pci_hotplug) {
        const AmlList more = hotplug_nodes(config.expanders[index].nodes);
        terms.insert(terms.end(), more.begin(), more.end());
    }
    return aml::device(expander_name(root.first_bus), terms);
}

// PCI Firmware 3.3 §4.1.2: the ECAM is reserved by a motherboard resource directly below \_SB.
Aml motherboard(const AcpiConfig& config) {
    const std::uint64_t bus_size = kMiB;
    const std::uint64_t base = config.ecam.base.value() + config.ecam.first_bus * bus_size;
    const std::uint64_t size =
        (std::uint64_t{config.ecam.last_bus} - config.ecam.first_bus + 1) * bus_size;
    const bool is_below_4g = base + size <= 4 * kGiB;
    std::vector<resource::Descriptor> resources{
        is_below_4g ? resource::memory32_fixed(static_cast<std::uint32_t>(base),
                                               static_cast<std::uint32_t>(size))
                    : resource::qword_memory(base, size, resource::Usage::Consumer),
        resource::io(config.pm.base, PmConfig::kBlockLength)};
    if (config.pci_hotplug) {
        resources.push_back(resource::io(config.pci_hotplug->base, PciHotplugConfig::kBlockLength));
    }
    return aml::device(
        "MBRD", {aml::name("_HID", aml::eisa_id("PNP0C02")), aml::name("_UID", aml::integer(0)),
                 aml::name("_CRS", resource::make_template(resources))});
}

// "C000", "C001", ...: three hexadecimal digits.
std::string processor_name(std::uint32_t uid) {
    return {'C', kHexDigits[(uid >> 8) & 0xf], kHexDigits[(uid >> 4) & 0xf], kHexDigits[uid & 0xf]};
}

AmlList system_bus(const AcpiConfig& config) {
    AmlList terms;
    for (std::uint32_t uid = 0; uid < config.apic_ids.size(); ++uid) {
        // §8.4: a processor device; _UID is the processor UID of the MADT.
        terms.push_back(aml::device(
            processor_name(uid),
            {aml::name("_HID", aml::string("ACPI0007")), aml::name("_UID", aml::integer(uid))}));
    }
    terms.push_back(motherboard(config));
    terms.push_back(host_bridge(config));
    for (std::size_t index = 0; index < config.expanders.size(); ++index) {
        terms.push_back(expander_bridge(config, index));
    }
    return terms;
}

}  // namespace

Bytes build_dsdt(const AcpiConfig& config) {
    Bytes bytes;
    append_object(bytes, make_header("DSDT", kDsdtRevision));
    const Aml sleep_type = aml::integer(config.pm.s5_sleep_type);
    // §7.4.2.6: {PM1a SLP_TYP, PM1b SLP_TYP, reserved, reserved}
    const Aml soft_off =
        aml::name("_S5", aml::package({sleep_type, sleep_type, aml::integer(0), aml::integer(0)}));
    AmlList terms{aml::scope("\\_SB", system_bus(config)), soft_off};
    if (config.pci_hotplug) {
        std::vector<std::string> roots{"\\_SB.PCI0"};
        for (const PciExpander& expander : config.expanders) {
            roots.push_back("\\_SB." + expander_name(expander.first_bus));
        }
        terms.push_back(hotplug_event(roots));
    }
    for (const Aml& term : terms) {
        bytes.insert(bytes.end(), term.bytes.begin(), term.bytes.end());
    }
    return finish_table(std::move(bytes));
}

}  // namespace siskin::acpi
