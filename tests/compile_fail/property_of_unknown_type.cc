// SPDX-License-Identifier: Apache-2.0
// A property whose type has no Codec.
#include "base/object/property.h"

struct Config {
#ifdef SISKIN_BAD
    void* queue_count = nullptr;
#else
    unsigned queue_count = 1;
#endif
};

siskin::PropertyRow use() {
    return siskin::property<&Config::queue_count>("num-queues", "Number of queues.");
}
