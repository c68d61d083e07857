// SPDX-License-Identifier: Apache-2.0
// What each structured option does.
#include "vmm/machine/option_handlers.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/object/codec.h"
#include "base/size_text.h"
#include "base/text.h"
#include "vmm/machine/option_syntax.h"
#include "vmm/machine/option_tables.h"

namespace siskin {
namespace {

template <typename Options>
Result<Options> read_options(std::string_view option, std::string_view argument,
                             std::string_view implied_key, Options options = {}) {
    const auto members = SISKIN_TRY(parse_key_values(argument, implied_key));
    SISKIN_TRY(apply_options(option_keys(option), &options, members));
    return options;
}

Result<> check_accel(std::string_view list) {
    // QEMU takes the first of "kvm:tcg" that works; siskin has the one.
    const std::string_view first = list.substr(0, list.find(':'));
    if (first != "kvm") {
        return fail(concat("invalid accelerator '", printable(list), "', allowed is kvm"));
    }
    return {};
}

Result<> set_feature(CpuOptions& cpu, std::string_view name, bool on) {
    const CpuFeature* const feature = find_cpu_feature(name);
    if (feature == nullptr) {
        return fail(
            concat("unknown CPU feature '", printable(name), "', allowed are those of -cpu help"));
    }
    cpu.features[std::string(feature->name)] = on;
    return {};
}

// "name=on", where the name is a feature or one of -cpu's own switches.
Result<> set_cpu_key(CpuOptions& cpu, std::string_view key, std::string_view value) {
    const auto on = codec_detail::boolean_of(Value(value));
    if (!on) {
        return fail(concat("'", printable(key), "' doesn't take value '", printable(value),
                           "', allowed is on or off"));
    }
    if (key == "kvm") {
        cpu.expose_kvm = *on;
        return {};
    }
    // siskin does not migrate yet, so it makes no difference.
    if (key == "migratable") {
        return {};
    }
    return set_feature(cpu, key, *on);
}

std::vector<std::string_view> split_at_commas(std::string_view text) {
    std::vector<std::string_view> items;
    while (true) {
        const std::size_t comma = text.find(',');
        items.push_back(text.substr(0, comma));
        if (comma == std::string_view::npos) {
            return items;
        }
        text.remove_prefix(comma + 1);
    }
}

constexpr std::uint64_t kPage = 4 * kKiB;

Result<> set_ram_size(MachineConfig& config, const MemoryOptions& options) {
    const bool bare = !options.size.empty() && options.size.back() >= '0' &&
                      options.size.back() <= '9' && !options.size.starts_with("0x");
    const auto size = parse_size(bare ? concat(options.size, 'M') : options.size);
    if (!size || *size < kRamMin || *size > kRamMax || *size % kPage != 0) {
        return fail(concat("Parameter 'size' doesn't take value '", printable(options.size),
                           "', allowed is ", kRamMin / kMiB, "M to ", kRamMax / kGiB,
                           "G in steps of 4k; a bare number is MiB"));
    }
    config.ram = ByteCount{*size};
    config.ram_is_given = true;
    return {};
}

std::string product_text(const CpuTopology& topology, std::uint32_t maxcpus) {
    return concat("Invalid CPU topology: product of the hierarchy must match maxcpus: sockets (",
                  topology.sockets, ") * dies (", topology.dies, ") * cores (", topology.cores,
                  ") * threads (", topology.threads, ") != maxcpus (", maxcpus, ")");
}

}  // namespace

Result<> apply_machine(MachineConfig& config, std::string_view argument) {
    const auto options =
        SISKIN_TRY(read_options<MachineOptions>("machine", argument, "type", config.machine));
    if (options.type != "q35" && options.type != "pc-q35-7.2") {
        return fail(concat("unsupported machine type '", printable(options.type),
                           "', allowed are q35 and pc-q35-7.2"));
    }
    if (options.kernel_irqchip != "on") {
        return fail(concat("Parameter 'kernel-irqchip' doesn't take value '",
                           printable(options.kernel_irqchip), "', allowed is on"));
    }
    if (options.usb) {
        return fail("Parameter 'usb' doesn't take value 'on', allowed is off");
    }
    SISKIN_TRY(check_accel(options.accel));
    config.machine = options;
    return {};
}

Result<> apply_accel(MachineConfig& config, std::string_view argument) {
    const auto options = SISKIN_TRY(read_options<AccelOptions>("accel", argument, "accel"));
    SISKIN_TRY(check_accel(options.accel));
    config.machine.accel = options.accel;
    return {};
}

Result<> apply_cpu(MachineConfig& config, std::string_view argument) {
    const auto items = split_at_commas(argument);
    if (items.front() != "host" && items.front() != "max") {
        return fail(concat("unable to find CPU model '", printable(items.front()),
                           "', allowed are host and max"));
    }
    CpuOptions cpu;
    for (const std::string_view item : std::span(items).subspan(1)) {
        const std::size_t equals = item.find('=');
        if (item.starts_with('+') || item.starts_with('-')) {
            SISKIN_TRY(set_feature(cpu, item.substr(1), item.front() == '+'));
        } else if (equals == std::string_view::npos) {
            SISKIN_TRY(set_cpu_key(cpu, item, "on"));
        } else {
            SISKIN_TRY(set_cpu_key(cpu, item.substr(0, equals), item.substr(equals + 1)));
        }
    }
    config.cpu = std::move(cpu);
    return {};
}

// The rules of QEMU 7.2: what is missing is 1, but for the cores, which take up the rest.
Result<> apply_smp(MachineConfig& config, std::string_view argument) {
    const auto options = SISKIN_TRY(read_options<SmpOptions>("smp", argument, "cpus"));
    CpuTopology topology;
    topology.sockets = options.sockets.value_or(1);
    topology.dies = options.dies.value_or(1);
    topology.threads = options.threads.value_or(1);
    topology.cores = options.cores.value_or(1);
    const std::uint64_t product =
        std::uint64_t{topology.sockets} * topology.dies * topology.cores * topology.threads;
    const std::uint64_t cpus = options.cpus.value_or(options.maxcpus.value_or(
        static_cast<std::uint32_t>(std::min(product, std::uint64_t{kVcpusMax + 1}))));
    const auto maxcpus =
        static_cast<std::uint32_t>(options.maxcpus.value_or(static_cast<std::uint32_t>(cpus)));
    const std::uint32_t without_cores = topology.sockets * topology.dies * topology.threads;
    if (!options.cores) {
        topology.cores = std::max(maxcpus / without_cores, 1U);
    }
    if (std::uint64_t{without_cores} * topology.cores != maxcpus) {
        return fail(product_text(topology, maxcpus));
    }
    if (cpus != maxcpus) {
        return fail(concat("maxcpus is ", maxcpus, ", allowed is the number of cpus, ", cpus,
                           ": vCPUs cannot be added later"));
    }
    const std::uint32_t apic_id_last = topology.apic_id(maxcpus - 1);
    if (maxcpus > kVcpusMax || apic_id_last >= kVcpusMax) {
        return fail(concat("this topology needs APIC ID ", apic_id_last, ", the highest is ",
                           kVcpusMax - 1));
    }
    config.topology = topology;
    return {};
}

Result<> apply_memory(MachineConfig& config, std::string_view argument) {
    const auto options = SISKIN_TRY(read_options<MemoryOptions>("m", argument, "size"));
    if (options.slots.value_or(0) != 0 && !options.maxmem) {
        return fail("slots specified but no max-size, maxmem=SIZE is needed");
    }
    if (options.maxmem &&
        (options.maxmem->value() > kRamMax || options.maxmem->value() % kPage != 0)) {
        return fail(concat("maxmem is ", options.maxmem->value(), ", allowed is up to ",
                           kRamMax / kGiB, "G in steps of 4k"));
    }
    config.ram_max = options.maxmem;
    config.ram_slots = options.slots.value_or(0);
    if (!options.size.empty() || !options.maxmem) {
        SISKIN_TRY(set_ram_size(config, options));
    }
    const ByteCount ram_max = config.ram_max.value_or(config.ram);
    if (config.ram_slots != 0 && ram_max == config.ram) {
        return fail(
            concat("invalid value of maxmem: memory slots were specified but maximum "
                   "memory size (",
                   hex(ram_max.value()), ") is equal to the initial memory size"));
    }
    return {};
}

Result<> apply_numa(MachineConfig& config, std::string_view argument) {
    return add_numa(config.numa_options, argument);
}

Result<> apply_name(MachineConfig& config, std::string_view argument) {
    config.name = SISKIN_TRY(read_options<NameOptions>("name", argument, "guest", config.name));
    return {};
}

Result<> apply_uuid(MachineConfig& config, std::string_view argument) {
    static constexpr std::string_view kShape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    const auto malformed = [&] {
        return fail(concat("failed to parse UUID string '", printable(argument),
                           "', allowed is hexadecimal as ", kShape));
    };
    if (argument.size() != kShape.size()) {
        return malformed();
    }
    std::array<std::uint8_t, 16> uuid{};
    std::size_t digits = 0;
    for (std::size_t at = 0; at < kShape.size(); ++at) {
        if (kShape[at] == '-') {
            if (argument[at] != '-') {
                return malformed();
            }
            continue;
        }
        const auto digit = parse_unsigned(argument.substr(at, 1), 16);
        if (!digit) {
            return malformed();
        }
        std::uint8_t& byte = uuid[digits / 2];
        byte = static_cast<std::uint8_t>(unsigned{byte} << 4U | *digit);
        ++digits;
    }
    config.uuid = uuid;
    return {};
}

Result<> apply_message(MachineConfig& config, std::string_view argument) {
    config.timestamps = SISKIN_TRY(read_options<MessageOptions>("msg", argument, "")).timestamp;
    return {};
}

Result<> apply_log_items(MachineConfig& config, std::string_view argument) {
    for (const std::string_view name : split_at_commas(argument)) {
        const auto* const item = std::find_if(kLogItems.begin(), kLogItems.end(),
                                              [&](const LogItem& row) { return row.name == name; });
        if (item == kLogItems.end()) {
            return fail(
                concat("'", printable(name), "' is no log item, allowed are those of -d help"));
        }
        config.log_topics.push_back(item->topic);
    }
    return {};
}

Result<> apply_display(MachineConfig&, std::string_view argument) {
    if (argument != "none") {
        return fail(
            concat("'", printable(argument), "' is no display siskin has, allowed is none"));
    }
    return {};
}

}  // namespace siskin
