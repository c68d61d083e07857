// SPDX-License-Identifier: Apache-2.0
// Commands that look into virtual CPUs and memory.
#include <algorithm>
#include <memory>
#include <vector>

#include "base/text.h"
#include "vmm/hmp/commands.h"

namespace siskin::hmp {
namespace {

// Reads `into.size()` bytes from an address, as Backend does it.
using Reader = std::function<std::size_t(std::uint64_t address, std::span<std::byte> into)>;

Result<> dump(Call& call, const Reader& read) {
    const MemoryFormat format = SISKIN_TRY(call.arguments.take_format(call.state.format));
    const std::uint64_t address = SISKIN_TRY(call.arguments.take_number(register_lookup(call)));
    SISKIN_TRY(call.arguments.finish());
    const std::size_t size = SISKIN_TRY(dump_size(format));
    std::vector<std::byte> bytes(size);
    bytes.resize(std::min(read(address, bytes), size));
    call.out += dump_text(format, address, bytes, size);
    return {};
}

void print_registers(Call& call, std::uint32_t cpu) {
    call.out += concat("\nCPU#", cpu, '\n');
    const auto registers = call.services.backend.registers(cpu);
    if (registers) {
        call.out += registers_text(*registers);
    } else {
        print_error(call, registers.error());
    }
}

}  // namespace

void print_error(Call& call, const Error& error) {
    call.out += concat("Error: ", error.message, '\n');
}

RegisterLookup register_lookup(Call& call) {
    return [&call, cache = std::make_shared<std::optional<CpuRegisters>>()](
               std::string_view name) -> Result<std::uint64_t> {
        if (!*cache) {
            *cache = SISKIN_TRY(call.services.backend.registers(call.state.cpu));
        }
        const std::optional<std::uint64_t> value = find_register(**cache, name);
        return value ? Result<std::uint64_t>(*value) : fail("unknown register");
    };
}

Result<> run_x(Call& call) {
    return dump(call, [&call](std::uint64_t address, std::span<std::byte> into) {
        return call.services.backend.read_virtual(call.state.cpu, address, into);
    });
}

Result<> run_xp(Call& call) {
    return dump(call, [&call](std::uint64_t address, std::span<std::byte> into) {
        return call.services.backend.read_physical(address, into);
    });
}

Result<> run_print(Call& call) {
    const MemoryFormat format = SISKIN_TRY(call.arguments.take_format(call.state.format));
    const std::uint64_t value = SISKIN_TRY(call.arguments.take_number(register_lookup(call)));
    SISKIN_TRY(call.arguments.finish());
    call.out += concat(value_text(format.letter, value), '\n');
    return {};
}

Result<> info_registers(Call& call) {
    const bool all = SISKIN_TRY(call.arguments.take_option('a', "a"));
    std::optional<std::uint32_t> index;
    if (!all && !call.arguments.at_end()) {
        index = SISKIN_TRY(call.arguments.take_index("vcpu", register_lookup(call)));
    }
    SISKIN_TRY(call.arguments.finish());
    const auto cpus = call.services.machine.query_cpus_fast();
    if (!cpus) {
        print_error(call, cpus.error());
        return {};
    }
    if (index && *index >= cpus->size()) {
        call.out += concat("CPU#", *index, " not available\n");
        return {};
    }
    if (!all) {
        print_registers(call, index.value_or(call.state.cpu));
        return {};
    }
    for (std::uint32_t cpu = 0; cpu < cpus->size(); ++cpu) {
        print_registers(call, cpu);
    }
    return {};
}

}  // namespace siskin::hmp
