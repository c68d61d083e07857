// SPDX-License-Identifier: Apache-2.0
// Commands about removable media: eject, change.
#include <string>

#include "base/text.h"
#include "vmm/hmp/commands.h"

namespace siskin::hmp {
namespace {

using ReadOnlyMode = qmp::BlockdevChangeReadOnlyMode;

Result<ReadOnlyMode> read_only_mode(const std::string& word) {
    for (const ReadOnlyMode mode :
         {ReadOnlyMode::Retain, ReadOnlyMode::ReadOnly, ReadOnlyMode::ReadWrite}) {
        if (qmp::to_text(mode) == word) {
            return mode;
        }
    }
    return fail(concat("invalid parameter value: ", printable(word)));
}

void print(Call& call, const Result<>& done) {
    if (!done) {
        print_error(call, done.error());
    }
}

}  // namespace

Result<> run_eject(Call& call) {
    qmp::EjectArguments arguments;
    arguments.force = SISKIN_TRY(call.arguments.take_option('f', "f"));
    arguments.device = SISKIN_TRY(call.arguments.take_text("block device name"));
    SISKIN_TRY(call.arguments.finish());
    print(call, call.services.media.eject(arguments));
    return {};
}

Result<> run_change(Call& call) {
    qmp::BlockdevChangeMediumArguments arguments;
    arguments.device = SISKIN_TRY(call.arguments.take_text("block device name"));
    arguments.force = SISKIN_TRY(call.arguments.take_option('f', "f"));
    arguments.filename = SISKIN_TRY(call.arguments.take_text("filename"));
    arguments.format = SISKIN_TRY(call.arguments.take_word());
    const auto mode = SISKIN_TRY(call.arguments.take_word());
    SISKIN_TRY(call.arguments.finish());
    if (mode) {
        const Result<ReadOnlyMode> parsed = read_only_mode(*mode);
        if (!parsed) {
            print_error(call, parsed.error());
            return {};
        }
        arguments.read_only_mode = *parsed;
    }
    print(call, call.services.media.blockdev_change_medium(arguments));
    return {};
}

}  // namespace siskin::hmp
