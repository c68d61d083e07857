// SPDX-License-Identifier: Apache-2.0
// What every block engine has to do, as doctest subcases on real files.
#pragma once

namespace siskin {

enum class EngineKind { Uring, Threads };

// Call it from a TEST_CASE.
void check_engine(EngineKind kind);
// A part of it: random requests, and direct I/O.
void check_direct(EngineKind kind);

}  // namespace siskin
