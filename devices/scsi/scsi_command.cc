// SPDX-License-Identifier: Apache-2.0
// Reading of command descriptor blocks.
#include "devices/scsi/scsi_command.h"

#include <algorithm>

namespace siskin {
namespace {

namespace spec = scsi_spec;

// What the number at `length_at` counts.
enum class Counts { Nothing, Bytes, BlocksOfData, Blocks };

struct Row {
    std::uint8_t operation;
    ScsiDirection direction;
    Counts counts;
    // Where a big-endian number is: its first byte, and how many.
    std::uint8_t length_at;
    std::uint8_t length_size;
    std::uint8_t lba_at;
    std::uint8_t lba_size;
};

constexpr auto kNone = ScsiDirection::None;
constexpr auto kIn = ScsiDirection::ToDriver;
constexpr auto kOut = ScsiDirection::FromDriver;

// SPC-4 §6, SBC-3 §5, MMC-6 §6. READ (6) and WRITE (6) have an LBA of 21 bits.
constexpr std::array kRows{
    Row{spec::kTestUnitReady, kNone, Counts::Nothing, 0, 0, 0, 0},
    Row{spec::kRequestSense, kIn, Counts::Bytes, 4, 1, 0, 0},
    Row{spec::kRead6, kIn, Counts::BlocksOfData, 4, 1, 1, 3},
    Row{spec::kWrite6, kOut, Counts::BlocksOfData, 4, 1, 1, 3},
    Row{spec::kInquiry, kIn, Counts::Bytes, 3, 2, 0, 0},
    Row{spec::kModeSelect6, kOut, Counts::Bytes, 4, 1, 0, 0},
    Row{spec::kModeSense6, kIn, Counts::Bytes, 4, 1, 0, 0},
    Row{spec::kStartStopUnit, kNone, Counts::Nothing, 0, 0, 0, 0},
    Row{spec::kPreventAllowRemoval, kNone, Counts::Nothing, 0, 0, 0, 0},
    Row{spec::kReadCapacity10, kIn, Counts::Nothing, 0, 0, 2, 4},
    Row{spec::kRead10, kIn, Counts::BlocksOfData, 7, 2, 2, 4},
    Row{spec::kWrite10, kOut, Counts::BlocksOfData, 7, 2, 2, 4},
    Row{spec::kWriteAndVerify10, kOut, Counts::BlocksOfData, 7, 2, 2, 4},
    Row{spec::kVerify10, kNone, Counts::Blocks, 7, 2, 2, 4},
    Row{spec::kSynchronizeCache10, kNone, Counts::Blocks, 7, 2, 2, 4},
    Row{spec::kWriteSame10, kOut, Counts::Blocks, 7, 2, 2, 4},
    Row{spec::kUnmap, kOut, Counts::Bytes, 7, 2, 0, 0},
    Row{spec::kReadToc, kIn, Counts::Bytes, 7, 2, 0, 0},
    Row{spec::kGetConfiguration, kIn, Counts::Bytes, 7, 2, 0, 0},
    Row{spec::kGetEventStatus, kIn, Counts::Bytes, 7, 2, 0, 0},
    Row{spec::kReadDiscInformation, kIn, Counts::Bytes, 7, 2, 0, 0},
    Row{spec::kModeSelect10, kOut, Counts::Bytes, 7, 2, 0, 0},
    Row{spec::kModeSense10, kIn, Counts::Bytes, 7, 2, 0, 0},
    Row{spec::kRead16, kIn, Counts::BlocksOfData, 10, 4, 2, 8},
    Row{spec::kWrite16, kOut, Counts::BlocksOfData, 10, 4, 2, 8},
    Row{spec::kWriteAndVerify16, kOut, Counts::BlocksOfData, 10, 4, 2, 8},
    Row{spec::kVerify16, kNone, Counts::Blocks, 10, 4, 2, 8},
    Row{spec::kSynchronizeCache16, kNone, Counts::Blocks, 10, 4, 2, 8},
    Row{spec::kWriteSame16, kOut, Counts::Blocks, 10, 4, 2, 8},
    Row{spec::kServiceActionIn16, kIn, Counts::Bytes, 10, 4, 2, 8},
    Row{spec::kReportLuns, kIn, Counts::Bytes, 6, 4, 0, 0},
    Row{spec::kRead12, kIn, Counts::BlocksOfData, 6, 4, 2, 4},
    Row{spec::kWrite12, kOut, Counts::BlocksOfData, 6, 4, 2, 4},
    Row{spec::kWriteAndVerify12, kOut, Counts::BlocksOfData, 6, 4, 2, 4},
    Row{spec::kVerify12, kNone, Counts::Blocks, 6, 4, 2, 4},
};

constexpr std::uint8_t kServiceActionMask = 0x1f;
constexpr std::uint8_t kNoDataOut = 0x01;  // NDOB of WRITE SAME (16)
constexpr std::uint64_t kLba6Mask = 0x1fffff;
constexpr std::uint32_t kBlocks6OfZero = 256;
constexpr std::uint64_t kCapacity10Size = 8;

// SPC-4 §4.2.5.1: the group code, in the upper three bits, tells the length. 0: none.
constexpr std::size_t cdb_size(std::uint8_t operation) {
    constexpr std::array<std::size_t, 8> kSizes{6, 10, 10, 0, 16, 12, 0, 0};
    return kSizes[operation >> 5U];
}

}  // namespace

ScsiCommand read_command(std::span<const std::uint8_t> cdb, std::uint32_t block_size) {
    ScsiCommand command;
    const std::size_t given = std::min(cdb.size(), command.cdb.size());
    std::copy_n(cdb.begin(), given, command.cdb.begin());
    const auto* const row = std::find_if(kRows.begin(), kRows.end(), [&](const Row& one) {
        return one.operation == command.operation();
    });
    if (row == kRows.end() || given == 0) {
        command.problem = scsi_sense::kInvalidOperation;
        return command;
    }
    if (given < cdb_size(row->operation)) {
        command.problem = scsi_sense::kInvalidField;
        return command;
    }
    const std::span<const std::uint8_t> bytes(command.cdb);
    command.direction = row->direction;
    command.lba = big_endian(bytes.subspan(row->lba_at, row->lba_size));
    const auto length =
        static_cast<std::uint32_t>(big_endian(bytes.subspan(row->length_at, row->length_size)));
    switch (row->counts) {
        case Counts::Nothing: break;
        case Counts::Bytes: command.data_size = length; break;
        case Counts::Blocks: command.blocks = length; break;
        case Counts::BlocksOfData:
            command.blocks = length;
            command.data_size = std::uint64_t{length} * block_size;
            break;
    }
    switch (row->operation) {
        case spec::kRead6:
        case spec::kWrite6:
            command.lba &= kLba6Mask;
            command.blocks = length == 0 ? kBlocks6OfZero : length;
            command.data_size = std::uint64_t{command.blocks} * block_size;
            break;
        case spec::kReadCapacity10: command.data_size = kCapacity10Size; break;
        case spec::kWriteSame10: command.data_size = block_size; break;
        case spec::kWriteSame16:
            command.data_size = (bytes[1] & kNoDataOut) != 0 ? 0 : block_size;
            break;
        case spec::kServiceActionIn16:
            if ((bytes[1] & kServiceActionMask) != spec::kReadCapacity16Action) {
                command.problem = scsi_sense::kInvalidField;
            }
            break;
        default: break;
    }
    if (command.data_size == 0) {
        command.direction = ScsiDirection::None;
    }
    return command;
}

}  // namespace siskin
