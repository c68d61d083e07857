// SPDX-License-Identifier: Apache-2.0
// What a -drive stands for.
#include "vmm/machine/drives.h"

#include "base/text.h"
#include "vmm/machine/option_syntax.h"
#include "vmm/machine/option_tables.h"
#include "vmm/machine/throttle_options.h"

namespace siskin {
namespace {

Result<> check(const DriveOptions& options) {
    if (options.file.empty()) {
        return fail("Parameter 'file' is missing");
    }
    if (options.format != "raw") {
        return fail(options.format.empty()
                        ? std::string("Parameter 'format' is missing, allowed is raw: siskin never "
                                      "guesses what an image is")
                        : concat("Parameter 'format' doesn't take value '",
                                 printable(options.format), "', allowed is raw"));
    }
    if (options.interface != "virtio" && options.interface != "none") {
        return fail(concat("Parameter 'if' doesn't take value '", printable(options.interface),
                           "', allowed are virtio and none"));
    }
    if (options.aio != "io_uring" && options.aio != "threads") {
        return fail(concat("Parameter 'aio' doesn't take value '", printable(options.aio),
                           "', allowed are io_uring and threads"));
    }
    // QEMU's rule of drives: reads need no room.
    if (options.rerror == BlockOnError::Enospc) {
        return fail("'enospc' invalid read error action");
    }
    return {};
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
    plan.policy.on_write_error = options.werror;
    plan.policy.on_read_error = options.rerror;
    plan.policy.throttle_group = options.throttle_group;
    plan.id = options.id.empty() ? concat(options.interface, number) : options.id;
    plan.node = Value::Dict{{"driver", "raw"},
                            {"read-only", options.readonly},
                            {"file", Value::Dict{{"driver", "file"},
                                                 {"filename", options.file},
                                                 {"read-only", options.readonly},
                                                 {"aio", options.aio}}}};
    if (options.interface == "virtio") {
        plan.device =
            OptionUse{use.text, Value::Dict{{"driver", "virtio-blk-pci"}, {"drive", plan.id}}};
    }
    return plan;
}

}  // namespace siskin
