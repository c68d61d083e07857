// SPDX-License-Identifier: Apache-2.0
// An object with invariants made from raw guest bytes.
#include <array>
#include <string>

#include "base/memory/guest_span.h"

#ifdef SISKIN_BAD
using Header = std::string;
#else
using Header = std::array<char, 16>;
#endif

Header use(const siskin::GuestSpan& span) {
    return span.read<Header>();
}
