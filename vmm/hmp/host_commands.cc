// SPDX-License-Identifier: Apache-2.0
// Commands about the host's side: objects, character devices, files that were passed.
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "vmm/hmp/commands.h"

namespace siskin::hmp {
namespace {

// The only argument, and the end.
Result<std::string> take_name(Call& call) {
    std::string name = SISKIN_TRY(call.arguments.take_text());
    SISKIN_TRY(call.arguments.finish());
    return name;
}

void print(Call& call, const Result<>& done) {
    if (!done) {
        print_error(call, done.error());
    }
}

void print(Call& call, const Result<std::string>& said) {
    if (said) {
        call.out += *said;
    } else {
        print_error(call, said.error());
    }
}

}  // namespace

// White space is part of a value, as in QEMU: JSON has some.
Result<> run_object_add(Call& call) {
    const std::string options = call.arguments.take_rest();
    if (options.empty()) {
        return fail("object_add: string expected");
    }
    print(call, call.services.backend.add_object(options));
    return {};
}

Result<> run_object_del(Call& call) {
    std::string id = SISKIN_TRY(take_name(call));
    print(call, call.services.objects.object_del({std::move(id)}));
    return {};
}

Result<> run_chardev_add(Call& call) {
    const std::string options = SISKIN_TRY(take_name(call));
    print(call, call.services.backend.add_chardev(options));
    return {};
}

Result<> run_chardev_change(Call& call) {
    const std::string id = SISKIN_TRY(call.arguments.take_text());
    const std::string options = SISKIN_TRY(take_name(call));
    print(call, call.services.backend.change_chardev(id, options));
    return {};
}

Result<> run_chardev_remove(Call& call) {
    std::string id = SISKIN_TRY(take_name(call));
    print(call, call.services.chardev.chardev_remove({std::move(id)}));
    return {};
}

Result<> run_getfd(Call& call) {
    std::string name = SISKIN_TRY(take_name(call));
    print(call, call.services.descriptors.getfd({std::move(name)}));
    return {};
}

Result<> run_closefd(Call& call) {
    std::string name = SISKIN_TRY(take_name(call));
    print(call, call.services.descriptors.closefd({std::move(name)}));
    return {};
}

}  // namespace siskin::hmp
