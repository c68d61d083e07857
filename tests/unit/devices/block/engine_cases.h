// SPDX-License-Identifier: Apache-2.0
// What every block engine has to do, as doctest subcases on real files.
#pragma once

namespace siskin {

enum class EngineKind { Uring, Sync };

// Call it from a TEST_CASE.
void check_engine(EngineKind kind);

}  // namespace siskin
