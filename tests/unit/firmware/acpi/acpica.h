// SPDX-License-Identifier: Apache-2.0
// Runs Intel's ACPI tools (package acpica-tools) on tables, for the tests that have them.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "firmware/acpi/config.h"
#include "firmware/acpi/table_header.h"

namespace siskin::acpi::test {

// Whether iasl and acpiexec can be run here; prints a line the first time they cannot.
[[nodiscard]] bool has_acpica();

// What iasl makes of a table: disassembled, compiled again without optimizing.
struct RoundTrip {
    std::string disassembly;
    std::string summary;  // the line "Compilation successful. ..." or all iasl said
    Bytes compiled;
};
// `externals` are tables that the disassembler may look names up in (-e).
[[nodiscard]] RoundTrip compile_back(const Bytes& table, const std::vector<Bytes>& externals = {});

// The content of the buffer, or the text after "Integer", that an AML method or name evaluates to
// in Intel's interpreter; else all it said. "_OSC (...)" takes the arguments acpiexec takes.
[[nodiscard]] std::string evaluate(const Bytes& definition_block, std::string_view expression);

// A machine as a board would describe it, with two processors.
[[nodiscard]] AcpiConfig example_config();

// The little-endian integer of `width_bytes` at `offset`.
[[nodiscard]] std::uint64_t field_at(const Bytes& table, std::size_t offset, unsigned width_bytes);
// The sum of all bytes, modulo 256.
[[nodiscard]] unsigned byte_sum(const Bytes& table);

}  // namespace siskin::acpi::test
