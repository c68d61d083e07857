// SPDX-License-Identifier: Apache-2.0
// The checks of a logical unit's options.
#include "devices/scsi/scsi_options.h"

#include <string_view>
#include <utility>

#include "base/text.h"
#include "devices/block/block_sizes.h"

namespace siskin {
namespace {

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
    for (Error& problem : block_size_problems(
             BlockSizes{options.block_size, options.physical_block_size, options.min_io_size,
                        options.opt_io_size, options.discard_granularity},
             node)) {
        problems.push_back(std::move(problem));
    }
    return problems;
}

}  // namespace siskin
