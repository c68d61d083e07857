// SPDX-License-Identifier: Apache-2.0
// A guest's own test report.
#include "tools/guest/runtime/check.h"

#include "tools/guest/runtime/exit.h"
#include "tools/guest/runtime/io.h"
#include "tools/guest/runtime/print.h"

namespace siskin::guest {

namespace {

unsigned check_count = 0;
unsigned failure_count = 0;
unsigned bss_canary[16];

}  // namespace

bool check(bool holds, const char* name) {
    ++check_count;
    failure_count += holds ? 0 : 1;
    print(holds ? "ok " : "FAILED ", name, '\n');
    return holds;
}

bool check_equal(std::uint64_t found, std::uint64_t wanted, const char* name) {
    if (found != wanted) {
        print("found ", Hex{found}, ", wanted ", Hex{wanted}, ": ");
    }
    return check(found == wanted, name);
}

void require(bool holds, const char* name) {
    if (!check(holds, name)) {
        finish();
    }
}

void finish() {
    print(check_count, " checks, ", failure_count, " failed\n");
    exit_with(failure_count == 0 && check_count != 0 ? kExitPassed : kExitFailed);
}

void begin(const StartInfo* info) {
    // Also after a reset: the loader clears what the ELF file says is zero.
    bool zeroed = true;
    for (unsigned& word : bss_canary) {
        zeroed = zeroed && *const_cast<volatile unsigned*>(&word) == 0;
        word = 0xbad;
    }
    check_count = 0;
    failure_count = 0;
    check(zeroed, ".bss is zero at the entry");
    require(info != nullptr && info->magic == kStartInfoMagic, "start info has its magic");
}

}  // namespace siskin::guest
