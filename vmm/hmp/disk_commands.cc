// SPDX-License-Identifier: Apache-2.0
// Commands about disks under way: block_resize, block_set_io_throttle, info blockstats.
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

#include "base/text.h"
#include "vmm/hmp/commands.h"

namespace siskin::hmp {
namespace {

// A bare number is MiB, as QEMU has it.
Result<std::int64_t> take_size(Call& call) {
    const std::string text = SISKIN_TRY(call.arguments.take_text());
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, number);
    static constexpr std::string_view kUnits = "kmgtpe";
    std::size_t unit = 1;
    if (parsed.ptr + 1 == end) {
        unit = kUnits.find(static_cast<char>(*parsed.ptr | 0x20));
    }
    const bool is_whole = parsed.ptr == end || (parsed.ptr + 1 == end && unit < kUnits.size());
    const std::size_t shift = (unit + 1) * 10;
    if (parsed.ec != std::errc() || !is_whole || shift > 62 || number >> (63 - shift) != 0) {
        return fail("invalid size");
    }
    return static_cast<std::int64_t>(number << shift);
}

std::string stats_line(const qmp::BlockStats& disk) {
    const qmp::BlockDeviceStats& stats = disk.stats;
    return concat(
        disk.device.value_or(""), ": rd_bytes=", stats.rd_bytes, " wr_bytes=", stats.wr_bytes,
        " rd_operations=", stats.rd_operations, " wr_operations=", stats.wr_operations,
        " flush_operations=", stats.flush_operations, " wr_total_time_ns=", stats.wr_total_time_ns,
        " rd_total_time_ns=", stats.rd_total_time_ns,
        " flush_total_time_ns=", stats.flush_total_time_ns, " rd_merged=", stats.rd_merged,
        " wr_merged=", stats.wr_merged, " idle_time_ns=", stats.idle_time_ns.value_or(0), '\n');
}

}  // namespace

Result<> run_block_resize(Call& call) {
    qmp::BlockResizeArguments arguments;
    arguments.device = SISKIN_TRY(call.arguments.take_text("block device name"));
    arguments.size = SISKIN_TRY(take_size(call));
    SISKIN_TRY(call.arguments.finish());
    if (const auto done = call.services.block_device.block_resize(arguments); !done) {
        print_error(call, done.error());
    }
    return {};
}

Result<> run_block_set_io_throttle(Call& call) {
    qmp::BlockSetIoThrottleArguments arguments;
    arguments.device = SISKIN_TRY(call.arguments.take_text("block device name"));
    const RegisterLookup registers = register_lookup(call);
    for (std::int64_t* const limit : {&arguments.bps, &arguments.bps_rd, &arguments.bps_wr,
                                      &arguments.iops, &arguments.iops_rd, &arguments.iops_wr}) {
        *limit = static_cast<std::int64_t>(SISKIN_TRY(call.arguments.take_number(registers)));
    }
    SISKIN_TRY(call.arguments.finish());
    if (const auto done = call.services.block_device.block_set_io_throttle(arguments); !done) {
        print_error(call, done.error());
    }
    return {};
}

Result<> info_blockstats(Call& call) {
    SISKIN_TRY(call.arguments.finish());
    const auto disks = call.services.block_device.query_blockstats({});
    if (!disks) {
        print_error(call, disks.error());
        return {};
    }
    for (const qmp::BlockStats& disk : *disks) {
        call.out += stats_line(disk);
    }
    return {};
}

}  // namespace siskin::hmp
