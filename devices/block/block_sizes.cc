// SPDX-License-Identifier: Apache-2.0
// The checks of a disk's sizes.
#include "devices/block/block_sizes.h"

#include <string_view>
#include <utility>

#include "base/bits.h"
#include "base/text.h"

namespace siskin {
namespace {

Result<> check_logical_size(const BlockSizes& sizes) {
    if (!is_power_of_two(sizes.logical_block_size) || sizes.logical_block_size < 512 ||
        sizes.logical_block_size > BlockSizes::kBlockSizeMax) {
        return fail(concat("logical_block_size is ", sizes.logical_block_size,
                           ", allowed is a power of two from 512 to ", BlockSizes::kBlockSizeMax));
    }
    return {};
}

Result<> check_physical_size(const BlockSizes& sizes) {
    if (!is_power_of_two(sizes.physical_block_size) ||
        sizes.physical_block_size < sizes.logical_block_size ||
        sizes.physical_block_size > BlockSizes::kBlockSizeMax) {
        return fail(concat("physical_block_size is ", sizes.physical_block_size,
                           ", allowed is a power of two from logical_block_size, which is ",
                           sizes.logical_block_size, ", to ", BlockSizes::kBlockSizeMax));
    }
    return {};
}

Result<> check_multiple(std::string_view name, std::uint64_t value, std::uint32_t unit) {
    if (value % unit != 0) {
        return fail(
            concat(name, " is ", value, ", allowed is a multiple of logical_block_size, ", unit));
    }
    return {};
}

// Drivers are told it in blocks, in 16 bits.
Result<> check_min_io_size(const BlockSizes& sizes) {
    SISKIN_TRY(check_multiple("min_io_size", sizes.min_io_size, sizes.logical_block_size));
    if (sizes.min_io_size / sizes.logical_block_size > 0xffff) {
        return fail(concat("min_io_size is ", sizes.min_io_size, ", the most is ", 0xffff,
                           " logical blocks of ", sizes.logical_block_size));
    }
    return {};
}

}  // namespace

std::vector<Error> block_size_problems(const BlockSizes& sizes, const BlockNode* node) {
    std::vector<Error> problems;
    const auto note = [&](Result<> result) {
        if (!result) {
            problems.push_back(std::move(result).error());
        }
    };
    const std::uint32_t unit = sizes.logical_block_size;
    if (auto logical = check_logical_size(sizes); !logical) {
        note(std::move(logical));
    } else {
        note(check_min_io_size(sizes));
        note(check_multiple("opt_io_size", sizes.opt_io_size, unit));
        note(check_multiple("discard_granularity", sizes.discard_granularity, unit));
    }
    note(check_physical_size(sizes));
    if (node != nullptr && node->capacity().value() < unit) {
        note(fail(concat("block node '", node->name(), "' has ", node->capacity().value(),
                         " bytes, less than one logical block of ", unit)));
    }
    return problems;
}

}  // namespace siskin
