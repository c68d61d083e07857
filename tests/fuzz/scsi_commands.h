// SPDX-License-Identifier: Apache-2.0
// What a fuzzer does not find in time: SCSI commands that are well formed, or nearly.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/fuzz/fuzz_input.h"

namespace siskin {

struct ScsiCase {
    std::vector<std::uint8_t> cdb;
    // With what the data begins that the driver sends; zeroes follow.
    std::vector<std::uint8_t> parameters;
};

// Some command for a unit with blocks of this size, of which it has `blocks`. One byte of the CDB
// or of the parameters may be another one than it should be.
[[nodiscard]] ScsiCase make_scsi_case(FuzzInput& input, std::uint32_t block_size,
                                      std::uint64_t blocks);

}  // namespace siskin
