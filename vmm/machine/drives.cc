// SPDX-License-Identifier: Apache-2.0
// What a -drive and a -blockdev stand for.
#include "vmm/machine/drives.h"

#include <algorithm>
#include <array>
#include <utility>

#include <sys/stat.h>

#include "base/text.h"
#include "vmm/machine/block_options.h"
#include "vmm/machine/option_syntax.h"
#include "vmm/machine/option_tables.h"
#include "vmm/machine/throttle_options.h"

namespace siskin {
namespace {

// A word of cache=, and what it stands for.
struct CacheMode {
    std::string_view name;
    bool writeback;
    bool direct;
    bool no_flush;
};
constexpr std::array kCacheModes{
    CacheMode{"writeback", true, false, false},     CacheMode{"none", true, true, false},
    CacheMode{"writethrough", false, false, false}, CacheMode{"directsync", false, true, false},
    CacheMode{"unsafe", true, false, true},
};

Result<> check_value(std::string_view key, const std::string& value, std::string_view allowed) {
    if (value == allowed) {
        return {};
    }
    return fail(concat("Parameter '", key, "' doesn't take value '", printable(value),
                       "', allowed is ", allowed));
}

Result<> check(const DriveOptions& options) {
    if (options.file.empty()) {
        return fail("Parameter 'file' is missing");
    }
    if (options.format.empty()) {
        return fail(
            "Parameter 'format' is missing, allowed is raw: siskin never guesses what an "
            "image is");
    }
    SISKIN_TRY(check_value("format", options.format, "raw"));
    if (options.media != "disk" && options.media != "cdrom") {
        return fail(concat("Parameter 'media' doesn't take value '", printable(options.media),
                           "', allowed are disk and cdrom"));
    }
    if (options.interface != "virtio" && options.interface != "none") {
        return fail(concat("Parameter 'if' doesn't take value '", printable(options.interface),
                           "', allowed are virtio and none"));
    }
    // QEMU's rule of drives: reads need no room.
    if (options.rerror == BlockOnError::Enospc) {
        return fail("'enospc' invalid read error action");
    }
    return {};
}

Result<CacheMode> cache_mode(const DriveOptions& options) {
    const auto* const named =
        std::find_if(kCacheModes.begin(), kCacheModes.end(),
                     [&](const CacheMode& mode) { return mode.name == options.cache; });
    if (named == kCacheModes.end()) {
        return fail(concat("invalid cache option '", printable(options.cache),
                           "', allowed are writeback, none, writethrough, directsync, unsafe"));
    }
    CacheMode mode = *named;
    mode.writeback = options.cache_writeback.value_or(mode.writeback);
    mode.direct = options.cache_direct.value_or(mode.direct);
    mode.no_flush = options.cache_no_flush.value_or(mode.no_flush);
    if (!mode.writeback && options.interface != "virtio") {
        return fail(
            "a drive without a device has no write cache to turn off: say write-cache=off "
            "of the device");
    }
    return mode;
}

bool is_block_device(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISBLK(status.st_mode);
}

Value::Dict node_members(const DriveOptions& options, const CacheMode& cache) {
    Value::Dict members{
        {"driver", "raw"},
        {"read-only", options.readonly || options.media == "cdrom"},
        {"auto-read-only", options.auto_read_only},
        {"discard", options.discard == "on"    ? std::string("unmap")
                    : options.discard == "off" ? std::string("ignore")
                                               : options.discard},
        {"detect-zeroes", options.detect_zeroes},
        {"cache", Value::Dict{{"direct", cache.direct}, {"no-flush", cache.no_flush}}},
        {"file", Value::Dict{{"driver", is_block_device(options.file) ? "host_device" : "file"},
                             {"filename", options.file},
                             {"locking", options.locking},
                             {"aio", options.aio}}}};
    if (!options.node_name.empty()) {
        members.insert("node-name", options.node_name);
    }
    return members;
}

}  // namespace

Result<DrivePlan> plan_drive(const OptionUse& use, std::size_t number) {
    DriveOptions options;
    DrivePlan plan;
    Value::Dict members = use.members;
    plan.policy.limits =
        SISKIN_TRY_IN(use.text, take_throttle_limits(members, "throttling.", true));
    SISKIN_TRY_IN(use.text, apply_options(option_keys("drive"), &options, members));
    SISKIN_TRY_IN(use.text, check(options));
    const CacheMode cache = SISKIN_TRY_IN(use.text, cache_mode(options));
    plan.policy.on_write_error = options.werror;
    plan.policy.on_read_error = options.rerror;
    plan.policy.throttle_group = options.throttle_group;
    plan.id = options.id.empty() ? concat(options.interface, number) : options.id;
    plan.node =
        SISKIN_TRY_IN(use.text, read_node_options(node_members(options, cache), OptionForm::Json));
    if (options.interface == "virtio") {
        Value::Dict device{{"driver", "virtio-blk-pci"}, {"drive", plan.id}};
        if (!cache.writeback) {
            device.insert("write-cache", "off");
        }
        plan.device = OptionUse{use.text, std::move(device)};
    }
    return plan;
}

Result<qmp::BlockdevOptions> plan_blockdev(const OptionUse& use) {
    auto options = SISKIN_TRY(
        read_node_options(use.members, use.json ? OptionForm::Json : OptionForm::KeyValues));
    if (!options.node_name) {
        return fail("'node-name' must be specified for the root node");
    }
    return options;
}

}  // namespace siskin
