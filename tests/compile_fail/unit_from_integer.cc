// SPDX-License-Identifier: Apache-2.0
// A bare integer becomes a kind of number only when it is named.
#include <cstdint>

#include "base/units.h"

siskin::QueueIndex use(std::uint16_t number) {
#ifdef SISKIN_BAD
    return number;
#else
    return siskin::QueueIndex{number};
#endif
}
