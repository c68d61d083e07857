// SPDX-License-Identifier: Apache-2.0
// A mapping with two owners.
#include <utility>

#include "base/mapping.h"

siskin::Mapping use(siskin::Mapping mapping) {
#ifdef SISKIN_BAD
    siskin::Mapping second = mapping;
#else
    siskin::Mapping second = std::move(mapping);
#endif
    return second;
}
