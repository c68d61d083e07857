// SPDX-License-Identifier: Apache-2.0
// A guest address is not a number of bytes.
#include <cstdint>

#include "base/units.h"

using siskin::ByteCount;
using siskin::GuestAddress;

std::uint64_t last_byte(GuestAddress base, ByteCount size);

std::uint64_t use(GuestAddress base, ByteCount size) {
#ifdef SISKIN_BAD
    return last_byte(size, base);
#else
    return last_byte(base, size);
#endif
}
