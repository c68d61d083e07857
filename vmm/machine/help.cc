// SPDX-License-Identifier: Apache-2.0
// Help texts from the tables.
#include "vmm/machine/help.h"

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "devices/chardev/chardev_config.h"
#include "qmp/protocol_handlers.h"
#include "vmm/kvm/cpuid.h"
#include "vmm/kvm/host_probe.h"
#include "vmm/machine/device_catalog.h"
#include "vmm/machine/numa_options.h"
#include "vmm/machine/object_catalog.h"
#include "vmm/machine/option_syntax.h"
#include "vmm/machine/option_tables.h"

namespace siskin {
namespace {

std::string padded(std::string text, std::size_t width) {
    text.resize(std::max(text.size(), width), ' ');
    return text;
}

// "  name=<type> - description (default: value)"
std::string property_line(const PropertyRow& row, const Value& value) {
    std::string line = padded(concat("  ", row.name, "=<", row.type_name, ">"), 25);
    line += concat(" - ", row.description);
    if (!value.is_null() && value.as_list() == nullptr && display(value) != "") {
        line += concat(" (default: ", display(value), ')');
    }
    return line + '\n';
}

std::string version_text() {
    return concat(
        "QEMU emulator version ", qmp::kLevelMajor, '.', qmp::kLevelMinor, '.', qmp::kLevelMicro,
        " (", package_name(), ")\n",
        "siskin speaks the QMP of that QEMU version and takes its options; it is a program "
        "of its own.\n");
}

std::string options_text() {
    std::string text = version_text();
    text += "usage: siskin [options]\n\n";
    for (const OptionDescription& option : describe_options()) {
        text += concat('-', option.name, option.argument.empty() ? "" : " ", option.argument,
                       "\n                ", option.help, '\n');
    }
    return text;
}

std::string device_list() {
    std::string text;
    for (const DeviceCategory category : kDeviceCategories) {
        std::string lines;
        for (const CatalogRow& row : device_catalog()) {
            const DeviceType& type = *row.type;
            if (type.category == category) {
                lines += concat("name \"", type.name, "\", bus ", type.bus);
                lines += type.alias.empty() ? "" : concat(", alias \"", type.alias, '"');
                lines += type.description.empty() ? "" : concat(", desc \"", type.description, '"');
                lines += '\n';
            }
        }
        if (!lines.empty()) {
            text += concat(text.empty() ? "" : "\n", category_heading(category), ":\n", lines);
        }
    }
    return text;
}

Result<std::string> device_properties(std::string_view name) {
    const CatalogRow* const row = find_device_type(name);
    if (row == nullptr) {
        return fail(concat("-device ", printable(name), ",help: '", printable(name),
                           "' is not a valid device model name, see -device help"));
    }
    std::string text = concat(row->type->name, " options:\n");
    for (const DescribedProperty& property : describe_properties(*row->type)) {
        text += property_line(*property.row, property.default_value);
    }
    return text;
}

}  // namespace

Result<std::string> device_help(const std::string& argument) {
    const auto members = SISKIN_TRY(parse_key_values(argument, "driver"));
    const Value* const driver = members.find("driver");
    const std::string name = driver != nullptr ? display(*driver) : "help";
    if (name == "help" || name == "?") {
        return device_list();
    }
    return device_properties(name);
}

namespace {

std::string machine_list() {
    return concat("Supported machines are:\n", padded("q35", 20),
                  " PCI Express machine (alias of pc-q35-7.2) (default)\n",
                  padded("pc-q35-7.2", 20), " PCI Express machine\n");
}

std::string key_list(std::string_view option) {
    std::string text = concat(option, " options:\n");
    for (const PropertyRow& row : option_keys(option)) {
        text += property_line(row, Value());
    }
    return text;
}

// The line begins with "kvm" whatever the verdict; what follows tells it.
std::string accel_text() {
    std::string text = "Accelerators supported in QEMU binary:\nkvm";
    const auto kvm = Kvm::open();
    if (!kvm) {
        return text + concat(" (not usable here: ", kvm.error().message, ")\n");
    }
    const auto verdict = probe_host(*kvm);
    if (!verdict) {
        return text + concat(" (not usable here: ", verdict.error().message, ")\n");
    }
    if (!verdict->runs_stock_kernel) {
        return text + concat(" (cannot run a stock kernel here: ", verdict->reason, ")\n");
    }
    return text + '\n';
}

std::string cpu_text() {
    std::string text =
        "Available CPUs:\nx86 host                  the host's features, as far as "
        "KVM offers them\nx86 max                   the same\n\n"
        "Recognized CPUID flags:\n";
    for (const CpuFeature& feature : cpu_features()) {
        text += concat("  ", feature.name, '\n');
    }
    return text;
}

std::string object_list() {
    std::string text = "List of user creatable objects:\n";
    for (const ObjectType& type : object_catalog()) {
        text += concat("  ", type.name, '\n');
    }
    return text;
}

std::string numa_text() {
    std::string text;
    for (const NumaForm& form : numa_forms()) {
        text += concat("-numa ", form.name, " options:\n");
        for (const PropertyRow& row : form.keys) {
            text += property_line(row, Value());
        }
    }
    return text;
}

std::string log_text() {
    std::string text = "Log items (comma separated):\n";
    for (const LogItem& item : kLogItems) {
        text += concat(padded(std::string(item.name), 15), ' ', item.description, '\n');
    }
    return text;
}

}  // namespace

std::string chardev_help() {
    std::string text = "Available chardev backend types:\n";
    for (const ChardevBackendInfo& backend : chardev_backends()) {
        text += concat("  ", padded(std::string(backend.name), 10), ' ', backend.description, '\n');
        for (const PropertyRow& row : backend.options) {
            text += concat("  ", property_line(row, Value()));
        }
    }
    return text;
}

Result<std::string> object_help(const std::string& argument) {
    const auto members = SISKIN_TRY(parse_key_values(argument, "qom-type"));
    const std::string name = members.text("qom-type");
    if (name.empty() || name == "help" || name == "?") {
        return object_list();
    }
    const ObjectType* const type = find_object_type(name);
    if (type == nullptr) {
        return fail(concat("-object ", printable(name), ",help: no such type, see -object help"));
    }
    std::string text = concat(name, " options:\n");
    for (const DescribedProperty& property : describe_properties(*type)) {
        text += property_line(*property.row, property.default_value);
    }
    return text;
}

std::string package_name() {
    return concat("siskin-", SISKIN_VERSION);
}

Result<std::string> help_text(const HelpRequest& request) {
    if (request.option == "help") {
        return options_text();
    }
    if (request.option == "version") {
        return version_text();
    }
    if (request.option == "device") {
        return device_help(request.argument);
    }
    if (request.option == "object") {
        return object_help(request.argument);
    }
    if (request.option == "numa") {
        return numa_text();
    }
    if (request.option == "accel") {
        return accel_text();
    }
    if (request.option == "cpu") {
        return cpu_text();
    }
    if (request.option == "chardev") {
        return chardev_help();
    }
    if (request.option == "d") {
        return log_text();
    }
    const bool machine = request.option == "machine" || request.option == "M";
    if (machine && (request.argument == "help" || request.argument == "?")) {
        return machine_list();
    }
    return key_list(machine ? "machine" : request.option);
}

}  // namespace siskin
