// SPDX-License-Identifier: Apache-2.0
// SCSI commands for fuzzers.
#include "tests/fuzz/scsi_commands.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "devices/scsi/spec.h"

namespace siskin {
namespace {

namespace spec = scsi_spec;

// Where a CDB has its block and its length, big-endian: first byte and size. Of a size of 0: it has
// none.
struct Operation {
    std::uint8_t code;
    std::uint8_t cdb_size;
    std::uint8_t lba_at;
    std::uint8_t lba_size;
    std::uint8_t length_at;
    std::uint8_t length_size;
};
constexpr std::array kOperations{Operation{spec::kTestUnitReady, 6, 0, 0, 0, 0},
                                 Operation{spec::kRequestSense, 6, 0, 0, 4, 1},
                                 Operation{spec::kRead6, 6, 2, 2, 4, 1},
                                 Operation{spec::kWrite6, 6, 2, 2, 4, 1},
                                 Operation{spec::kInquiry, 6, 0, 0, 3, 2},
                                 Operation{spec::kModeSelect6, 6, 0, 0, 4, 1},
                                 Operation{spec::kModeSense6, 6, 0, 0, 4, 1},
                                 Operation{spec::kStartStopUnit, 6, 0, 0, 0, 0},
                                 Operation{spec::kPreventAllowRemoval, 6, 0, 0, 0, 0},
                                 Operation{spec::kReadCapacity10, 10, 0, 0, 0, 0},
                                 Operation{spec::kRead10, 10, 2, 4, 7, 2},
                                 Operation{spec::kWrite10, 10, 2, 4, 7, 2},
                                 Operation{spec::kWriteAndVerify10, 10, 2, 4, 7, 2},
                                 Operation{spec::kVerify10, 10, 2, 4, 7, 2},
                                 Operation{spec::kSynchronizeCache10, 10, 2, 4, 7, 2},
                                 Operation{spec::kWriteSame10, 10, 2, 4, 7, 2},
                                 Operation{spec::kUnmap, 10, 0, 0, 7, 2},
                                 Operation{spec::kReadToc, 10, 0, 0, 7, 2},
                                 Operation{spec::kGetConfiguration, 10, 0, 0, 7, 2},
                                 Operation{spec::kGetEventStatus, 10, 0, 0, 7, 2},
                                 Operation{spec::kReadDiscInformation, 10, 0, 0, 7, 2},
                                 Operation{spec::kModeSelect10, 10, 0, 0, 7, 2},
                                 Operation{spec::kModeSense10, 10, 0, 0, 7, 2},
                                 Operation{spec::kRead16, 16, 2, 8, 10, 4},
                                 Operation{spec::kWrite16, 16, 2, 8, 10, 4},
                                 Operation{spec::kWriteAndVerify16, 16, 2, 8, 10, 4},
                                 Operation{spec::kVerify16, 16, 2, 8, 10, 4},
                                 Operation{spec::kSynchronizeCache16, 16, 2, 8, 10, 4},
                                 Operation{spec::kWriteSame16, 16, 2, 8, 10, 4},
                                 Operation{spec::kServiceActionIn16, 16, 0, 0, 10, 4},
                                 Operation{spec::kReportLuns, 12, 0, 0, 6, 4},
                                 Operation{spec::kRead12, 12, 2, 4, 6, 4},
                                 Operation{spec::kWrite12, 12, 2, 4, 6, 4},
                                 Operation{spec::kWriteAndVerify12, 12, 2, 4, 6, 4},
                                 Operation{spec::kVerify12, 12, 2, 4, 6, 4}};

// What only a CD, or only a disk, does more with than to refuse it; the longest of them more often.
constexpr std::array kOfCds{spec::kReadToc,          spec::kReadToc,
                            spec::kGetConfiguration, spec::kGetEventStatus,
                            spec::kGetConfiguration, spec::kReadDiscInformation,
                            spec::kStartStopUnit,    spec::kPreventAllowRemoval,
                            spec::kInquiry,          spec::kModeSense10};
constexpr std::array kOfDisks{spec::kUnmap,        spec::kUnmap,      spec::kModeSelect6,
                              spec::kModeSelect10, spec::kModeSense6, spec::kWriteSame10,
                              spec::kWriteSame16,  spec::kWrite10,    spec::kInquiry,
                              spec::kInquiry};

const Operation& some_operation(FuzzInput& input, bool is_cd) {
    const std::size_t index = input.pick(kOperations.size() + 2 * kOfCds.size());
    if (index < kOperations.size()) {
        return kOperations[index];
    }
    static_assert(kOfCds.size() == kOfDisks.size());
    const std::size_t special = (index - kOperations.size()) % kOfCds.size();
    const std::uint8_t code = is_cd ? kOfCds[special] : kOfDisks[special];
    return *std::find_if(kOperations.begin(), kOperations.end(),
                         [&](const Operation& one) { return one.code == code; });
}

// Vital product data pages, and mode pages; the last one of each is none.
constexpr std::array<std::uint8_t, 7> kProductPages{0x00, 0x80, 0x83, 0xb0, 0xb1, 0xb2, 0xb3};
struct ModePage {
    std::uint8_t number;
    std::uint8_t length;      // of what follows the two bytes
    std::uint8_t first_byte;  // as a disk has it
};
constexpr std::array kModePages{ModePage{0x01, 10, 0x80}, ModePage{0x08, 18, 0x04},
                                ModePage{0x0e, 14, 0x00}, ModePage{0x2a, 20, 0x1b},
                                ModePage{0x3f, 0, 0x00},  ModePage{0x1c, 10, 0x00}};

void put(std::vector<std::uint8_t>& bytes, std::size_t at, std::size_t size, std::uint64_t value) {
    for (std::size_t index = 0; index < size; ++index) {
        bytes[at + index] = static_cast<std::uint8_t>(value >> 8 * (size - 1 - index));
    }
}

void append(std::vector<std::uint8_t>& bytes, std::size_t size, std::uint64_t value) {
    bytes.resize(bytes.size() + size);
    put(bytes, bytes.size() - size, size, value);
}

std::uint8_t byte_of(FuzzInput& input) {
    return static_cast<std::uint8_t>(input.take(1));
}

// Near the start, near the end, or anywhere.
std::uint64_t some_block(FuzzInput& input, std::uint64_t blocks) {
    const std::uint64_t choice = input.take(1);
    switch (choice >> 6U) {
        case 0:
        case 1: return choice & 0x3fU;
        case 2: return blocks + 8 - (choice & 0x1fU);
        default: return input.take(8);
    }
}

// A list with headers that are right, of at most two pages; a cache that is on or off.
std::vector<std::uint8_t> some_mode_list(FuzzInput& input, bool is_short,
                                         std::uint32_t block_size) {
    const std::uint64_t choice = input.take(1);
    std::vector<std::uint8_t> list(is_short ? 4 : 8);
    if ((choice & 1U) != 0) {
        list[is_short ? 3 : 7] = 8;
        append(list, 4, 0);
        append(list, 4, block_size);
    }
    for (std::uint64_t pages = choice >> 1U & 3U; pages > 1; --pages) {
        const ModePage& page = kModePages[input.pick(kModePages.size())];
        append(list, 1, page.number);
        append(list, 1, page.length);
        list.resize(list.size() + page.length);
        if (page.length != 0 && (choice & 8U) == 0) {
            list[list.size() - page.length] = page.first_byte;
        }
    }
    return list;
}

std::vector<std::uint8_t> some_unmap_list(FuzzInput& input, std::uint64_t blocks) {
    const std::uint64_t choice = input.take(1);
    std::vector<std::uint8_t> list;
    const std::size_t count = (choice & 0x80U) != 0 ? 256 : choice & 3U;
    append(list, 2, 6 + 16 * count);
    append(list, 2, 16 * count);
    append(list, 4, 0);
    for (std::size_t index = 0; index < (count > 3 ? 0 : count); ++index) {
        append(list, 8, some_block(input, blocks));
        append(list, 4, (choice & 4U) != 0 ? input.take(4) : choice >> 3U & 3U);
        append(list, 4, 0);
    }
    list.resize(8 + 16 * count);
    return list;
}

// What is special about an operation.
void refine(FuzzInput& input, ScsiCase& made, std::uint32_t block_size, std::uint64_t blocks) {
    std::vector<std::uint8_t>& cdb = made.cdb;
    switch (cdb[0]) {
        case spec::kInquiry:
            cdb[1] = (input.take(1) & 3U) != 0 ? 1 : 0;
            cdb[2] = cdb[1] != 0 ? kProductPages[input.pick(kProductPages.size())] : 0;
            break;
        case spec::kModeSense6:
        case spec::kModeSense10: {
            const std::uint8_t choice = byte_of(input);
            cdb[1] = choice & 8U;
            cdb[2] = static_cast<std::uint8_t>(
                kModePages[(choice & 7U) % kModePages.size()].number | (choice & 0xc0U));
            cdb[3] = (choice & 0x30U) == 0x30U ? 0xff : 0;
            break;
        }
        case spec::kModeSelect6:
        case spec::kModeSelect10:
            cdb[1] = 0x10;
            made.parameters = some_mode_list(input, cdb[0] == spec::kModeSelect6, block_size);
            break;
        case spec::kUnmap: made.parameters = some_unmap_list(input, blocks); break;
        case spec::kWriteSame10: cdb[1] = input.flip() ? 8 : 0; break;
        case spec::kWriteSame16: cdb[1] = static_cast<std::uint8_t>(input.take(1) & 9U); break;
        case spec::kServiceActionIn16: cdb[1] = 0x10; break;
        case spec::kStartStopUnit:
        case spec::kPreventAllowRemoval:
            cdb[4] = static_cast<std::uint8_t>(input.take(1) & 3U);
            break;
        case spec::kReadToc:
            cdb[1] = input.flip() ? 2 : 0;
            cdb[2] = static_cast<std::uint8_t>(input.take(1) & 3U);
            break;
        case spec::kGetConfiguration:
            cdb[1] = static_cast<std::uint8_t>(input.take(1) & 3U);
            cdb[3] = static_cast<std::uint8_t>(input.take(1) & 0x1fU);
            break;
        case spec::kGetEventStatus:
            cdb[1] = 1;
            cdb[4] = byte_of(input);
            break;
        case spec::kReportLuns: cdb[2] = static_cast<std::uint8_t>(input.take(1) & 3U); break;
        default:
            if ((input.take(1) & 3U) == 0) {
                cdb[1] = 8;  // FUA
            }
    }
}

void spoil_one(FuzzInput& input, std::vector<std::uint8_t>& bytes) {
    if (!bytes.empty()) {
        bytes[input.pick(bytes.size())] ^= byte_of(input);
    }
}

}  // namespace

ScsiCase make_scsi_case(FuzzInput& input, std::uint32_t block_size, std::uint64_t blocks) {
    const Operation& operation = some_operation(input, block_size == spec::kCdBlockSize);
    ScsiCase made;
    made.cdb.resize(operation.cdb_size);
    made.cdb[0] = operation.code;
    if (operation.lba_size != 0) {
        put(made.cdb, operation.lba_at, operation.lba_size, some_block(input, blocks));
    }
    refine(input, made, block_size, blocks);
    if (operation.length_size != 0) {
        // Few blocks, or an allocation length that is enough for most.
        const bool counts_blocks = operation.lba_size != 0;
        const std::uint64_t choice = input.take(1);
        const std::uint64_t length = !made.parameters.empty() ? made.parameters.size()
                                     : counts_blocks          ? choice & 0xfU
                                     : (choice & 7U) != 0     ? 252
                                                              : choice >> 3U;
        put(made.cdb, operation.length_at, operation.length_size, length);
    }
    switch (input.take(1) & 7U) {
        case 0: spoil_one(input, made.cdb); break;
        case 1: spoil_one(input, made.parameters); break;
        case 2:
            if (operation.length_size != 0) {
                put(made.cdb, operation.length_at, operation.length_size, input.take(2));
            }
            break;
        default: break;
    }
    return made;
}

}  // namespace siskin
