// SPDX-License-Identifier: Apache-2.0
// All ACPI tables of a machine as one blob with final addresses and checksums.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "firmware/acpi/config.h"
#include "firmware/acpi/table_header.h"

namespace siskin::acpi {

// Where one table lies in AcpiTables::bytes.
struct PlacedTable {
    std::string signature;  // "DSDT"; the RSDP goes by "RSDP"
    std::size_t offset = 0;
    std::size_t size = 0;  // in bytes
};

// Written to guest memory as it is, at every reset. Plain data, any thread.
struct AcpiTables {
    GuestAddress base;  // where `bytes` belongs
    Bytes bytes;        // the RSDP first, so an RSDP search meets it at `base`
    GuestAddress rsdp;
    std::vector<PlacedTable> tables;
};

// The most processors the DSDT can name.
inline constexpr std::size_t kProcessorsMax = 4096;

// `base` is a multiple of 64 and `base + room` is below 4 GiB. Errors: a configuration that
// contradicts itself (windows that are empty, wrap, meet each other or the ECAM; no processor or
// too many), or tables that need more than `room`.
[[nodiscard]] Result<AcpiTables> build_acpi_tables(const AcpiConfig& config, GuestAddress base,
                                                   ByteCount room);

}  // namespace siskin::acpi
