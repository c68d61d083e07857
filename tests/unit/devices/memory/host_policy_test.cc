// SPDX-License-Identifier: Apache-2.0
// Proves devices/memory/host_policy.
#include "devices/memory/host_policy.h"

#include <doctest/doctest.h>

#include "base/mapping.h"

namespace siskin {

TEST_SUITE("devices/memory/host_policy") {
    TEST_CASE("the default policy asks nothing of the kernel") {
        CHECK(bind_to_nodes(nullptr, 0, HostMemPolicy::Default, {}).has_value());
    }

    TEST_CASE("a node that the host does not have is an error with the kernel's reason") {
        const auto memory = Mapping::anonymous(4096);
        REQUIRE(memory.has_value());

        const auto bound = bind_to_nodes(memory->data(), memory->size(), HostMemPolicy::Bind,
                                         HostNodes{{kHostNodesMax - 1}});

        REQUIRE_FALSE(bound.has_value());
        CHECK(bound.error().message.starts_with("cannot bind memory to host NUMA nodes: "));
    }
}

}  // namespace siskin
