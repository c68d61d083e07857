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

// What each expression evaluates to in Intel's interpreter: the bytes of a buffer, the line with an
// integer, or all it said. An expression is a path and the arguments acpiexec takes: numbers, and
// buffers as "(12 34)". One run for all, since each run sleeps for a second.
[[nodiscard]] std::vector<std::string> evaluate(const Bytes& definition_block,
                                                const std::vector<std::string>& expressions);

// A machine as a board would describe it, with two processors.
[[nodiscard]] AcpiConfig example_config();

// The little-endian integer of `width_bytes` at `offset`.
[[nodiscard]] std::uint64_t field_at(const Bytes& table, std::size_t offset, unsigned width_bytes);
// The sum of all bytes, modulo 256.
[[nodiscard]] unsigned byte_sum(const Bytes& table);

}  // namespace siskin::acpi::test
