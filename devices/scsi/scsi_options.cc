// SPDX-License-Identifier: Apache-2.0
// The checks of a logical unit's options.
#include "devices/scsi/scsi_options.h"

#include <string_view>
#include <utility>

#include "base/bits.h"
#include "base/text.h"

namespace siskin {
namespace {

constexpr std::uint32_t kBlockSizeMax = 2 * 1024 * 1024;

Result<> check_text(std::string_view name, const std::string& text, std::size_t size_max) {
    if (text.size() > size_max) {
        return fail(concat(name, " is ", text.size(), " bytes long, the most is ", size_max));
    }
    for (const char character : text) {
        if (character < ' ' || character > '~') {
            return fail(concat(name, " is '", printable(text), "', allowed is ASCII"));
        }
    }
    return {};
}

Result<> check_block_sizes(const ScsiUnitOptions& options) {
    if (!is_power_of_two(options.block_size) || options.block_size < 512 ||
        options.block_size > kBlockSizeMax) {
        return fail(concat("logical_block_size is ", options.block_size,
                           ", allowed is a power of two from 512 to ", kBlockSizeMax));
    }
    if (!is_power_of_two(options.physical_block_size) ||
        options.physical_block_size < options.block_size ||
        options.physical_block_size > kBlockSizeMax) {
        return fail(concat("physical_block_size is ", options.physical_block_size,
                           ", allowed is a power of two from logical_block_size, which is ",
                           options.block_size, ", to ", kBlockSizeMax));
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

}  // namespace

std::vector<Error> scsi_option_problems(const ScsiUnitOptions& options, const BlockNode* node) {
    std::vector<Error> problems;
    const auto note = [&](Result<> result) {
        if (!result) {
            problems.push_back(std::move(result).error());
        }
    };
    note(check_text("vendor", options.vendor, kScsiVendorMax));
    note(check_text("product", options.product, kScsiProductMax));
    note(check_text("ver", options.version, kScsiVersionMax));
    note(check_text("serial", options.serial, kScsiSerialMax));
    note(check_text("device_id", options.device_id, kScsiDeviceIdMax));
    auto sizes = check_block_sizes(options);
    const bool has_unit = sizes.has_value();
    note(std::move(sizes));
    if (!has_unit) {
        return problems;
    }
    note(check_multiple("min_io_size", options.min_io_size, options.block_size));
    note(check_multiple("opt_io_size", options.opt_io_size, options.block_size));
    note(check_multiple("discard_granularity", options.discard_granularity, options.block_size));
    if (options.min_io_size / options.block_size > 0xffff) {
        note(fail(concat("min_io_size is ", options.min_io_size, ", the most is ", 0xffff,
                         " logical blocks of ", options.block_size)));
    }
    if (node != nullptr && node->capacity().value() < options.block_size) {
        note(fail(concat("block node '", node->name(), "' has ", node->capacity().value(),
                         " bytes, less than one logical block of ", options.block_size)));
    }
    return problems;
}

}  // namespace siskin
