// SPDX-License-Identifier: Apache-2.0
// Proves base/object/device_type.
#include "base/object/device_type.h"

#include <doctest/doctest.h>

#include <memory>
#include <set>
#include <string_view>

#include "tests/unit/base/object/example_device.h"

namespace siskin {

TEST_SUITE("base/object/device_type") {
    TEST_CASE("without arguments the config has its defaults") {
        const auto config = configure(kExampleType, {});

        REQUIRE(config.has_value());
        const auto& example = *static_cast<const ExampleConfig*>(config->get());
        CHECK(example.queue_count == 1);
        CHECK(example.block_size == ByteCount{512});
    }

    TEST_CASE("arguments fill the config; driver and id are the caller's") {
        const auto config =
            configure(kExampleType,
                      {{"driver", "example-pci"}, {"id", "d0"}, {"num-queues", 4}, {"addr", "2"}});

        REQUIRE(config.has_value());
        const auto& example = *static_cast<const ExampleConfig*>(config->get());
        CHECK(example.queue_count == 4);
        CHECK(example.bus.address == "2");
    }

    TEST_CASE("one bad argument refuses all") {
        const auto config = configure(kExampleType, {{"num-queues", 4}, {"read-only", "maybe"}});

        REQUIRE_FALSE(config.has_value());
        CHECK(config.error().message ==
              "Property 'example-pci.read-only' doesn't take value 'maybe', allowed is on or off");
    }

    TEST_CASE("each category has a heading of its own") {
        std::set<std::string_view> headings;
        for (const auto category :
             {DeviceCategory::Bridge, DeviceCategory::Storage, DeviceCategory::Network,
              DeviceCategory::Input, DeviceCategory::Misc}) {
            CHECK(headings.insert(category_heading(category)).second);
        }
    }
}

}  // namespace siskin
