// SPDX-License-Identifier: Apache-2.0
// A descriptor with two owners.
#include <utility>

#include "base/fd.h"

siskin::Fd use(siskin::Fd fd) {
#ifdef SISKIN_BAD
    siskin::Fd second = fd;
#else
    siskin::Fd second = std::move(fd);
#endif
    return second;
}
