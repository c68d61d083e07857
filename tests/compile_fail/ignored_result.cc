// SPDX-License-Identifier: Apache-2.0
// A failure that nobody looks at.
#include "base/result.h"

siskin::Result<> may_fail();

bool use() {
#ifdef SISKIN_BAD
    may_fail();
    return true;
#else
    return may_fail().has_value();
#endif
}
