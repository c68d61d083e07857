// SPDX-License-Identifier: Apache-2.0
// The end of a failed assertion.
#include "base/result.h"

#include <cstdio>
#include <cstdlib>

namespace siskin {

void assertion_failed(const char* condition, const char* file, int line) {
    std::fprintf(stderr, "siskin: internal error: %s (%s:%d)\n", condition, file, line);
    std::abort();
}

}  // namespace siskin
