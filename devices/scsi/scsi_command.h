// SPDX-License-Identifier: Apache-2.0
// ScsiCommand: what a command descriptor block asks for; a pure function of its bytes.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "devices/scsi/scsi_sense.h"
#include "devices/scsi/spec.h"

namespace siskin {

// Which way its data goes, seen from the unit.
enum class ScsiDirection { None, ToDriver, FromDriver };

struct ScsiCommand {
    // Zeroes behind what was given.
    std::array<std::uint8_t, scsi_spec::kCdbSizeMax> cdb{};
    ScsiDirection direction = ScsiDirection::None;
    // Of commands with a range of blocks.
    std::uint64_t lba = 0;
    std::uint32_t blocks = 0;
    // Bytes of data: the allocation length, the parameter list's length, or what the blocks take
    // on a medium of the block size that was given.
    std::uint64_t data_size = 0;
    // Wrong before any unit looks at it: no such operation, or a CDB that is cut short.
    ScsiSense problem;

    [[nodiscard]] std::uint8_t operation() const { return cdb[0]; }
};

// `block_size` is that of the unit. Commands that are a CD's alone are known of disks, too: the
// unit refuses them.
[[nodiscard]] ScsiCommand read_command(std::span<const std::uint8_t> cdb, std::uint32_t block_size);

// Big-endian numbers in a CDB or a parameter list.
[[nodiscard]] constexpr std::uint64_t big_endian(std::span<const std::uint8_t> bytes) {
    std::uint64_t value = 0;
    for (const std::uint8_t byte : bytes) {
        value = value << 8U | byte;
    }
    return value;
}

}  // namespace siskin
