// SPDX-License-Identifier: Apache-2.0
// A guest's own test report: one line a check on the debug port, a sum at the end.
#pragma once

#include <cstdint>

#include "tools/guest/runtime/start_info.h"

// Every guest's entry; `info` lies where the loader put it.
extern "C" void guest_start(const siskin::guest::StartInfo* info);

namespace siskin::guest {

// Exit codes of the guests: the host sees 1, 3, 5.
inline constexpr std::uint32_t kExitPassed = 0;
inline constexpr std::uint32_t kExitFailed = 1;
inline constexpr std::uint32_t kExitException = 2;

// "ok <name>" or "FAILED <name>". Returns `holds`.
bool check(bool holds, const char* name);
// The same for two numbers, which it prints when they differ.
bool check_equal(std::uint64_t found, std::uint64_t wanted, const char* name);
// As check, and ends the guest where it does not hold.
void require(bool holds, const char* name);
// Prints "<n> checks, <m> failed" and exits with kExitPassed, or kExitFailed where one failed or
// none was made.
[[noreturn]] void finish();

// Checks that the loader kept its word: start info, zeroed .bss. The first call of a test guest.
void begin(const StartInfo* info);

}  // namespace siskin::guest
