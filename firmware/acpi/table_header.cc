// SPDX-License-Identifier: Apache-2.0
// The ACPI table header.
#include "firmware/acpi/table_header.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <numeric>
#include <utility>

namespace siskin::acpi {

TableHeader make_header(std::string_view signature, std::uint8_t revision) {
    TableHeader header;
    SISKIN_ASSERT(signature.size() == header.signature.size());
    std::copy(signature.begin(), signature.end(), header.signature.begin());
    header.revision = revision;
    header.oem_id = kOemId;
    header.oem_table_id = kOemTableId;
    header.oem_revision = 1;
    header.creator_id = kCreatorId;
    header.creator_revision = 1;
    return header;
}

std::uint8_t checksum_of(std::span<const std::uint8_t> bytes) {
    const unsigned sum = std::accumulate(bytes.begin(), bytes.end(), 0U);
    return static_cast<std::uint8_t>(0U - sum);
}

Bytes finish_table(Bytes table) {
    SISKIN_ASSERT(table.size() >= sizeof(TableHeader));
    const ule32 length = static_cast<std::uint32_t>(table.size());
    std::memcpy(table.data() + offsetof(TableHeader, length), &length, sizeof(length));
    table[offsetof(TableHeader, checksum)] = 0;
    table[offsetof(TableHeader, checksum)] = checksum_of(table);
    return table;
}

}  // namespace siskin::acpi
