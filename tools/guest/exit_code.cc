// SPDX-License-Identifier: Apache-2.0
// Leaves through isa-debug-exit with the code the command line names (code=N, else 0).
#include "tools/guest/runtime/check.h"
#include "tools/guest/runtime/exit.h"
#include "tools/guest/runtime/print.h"
#include "tools/guest/runtime/text.h"

using namespace siskin::guest;

void guest_start(const StartInfo* info) {
    begin(info);
    print("command line: ", command_line(*info), '\n');
    const std::uint64_t code = number_word(command_line(*info), "code=", 0);
    print("code ", code, '\n');
    exit_with(static_cast<std::uint32_t>(code));
}
