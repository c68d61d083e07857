// SPDX-License-Identifier: Apache-2.0
// A device type of two parts, for the tests of base/object.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/object/device_type.h"

namespace siskin {

struct ExampleBusConfig {
    std::string address = "auto";
};

struct ExampleConfig {
    ExampleBusConfig bus;
    std::uint16_t queue_count = 1;
    bool read_only = false;
    ByteCount block_size{512};
};

inline constexpr std::array kExampleBusProperties{
    property<&ExampleBusConfig::address>("addr", "Where it sits."),
};
inline constexpr std::array kExampleProperties{
    property<&ExampleConfig::queue_count>("num-queues", "Number of queues.", InRange{1, 64}),
    property<&ExampleConfig::read_only>("read-only", "Whether the guest may not write."),
    property<&ExampleConfig::block_size>("block-size", "Size of a block.", InRange{512, 4096}),
};
inline constexpr std::array kExampleGroups{
    group_of_whole(kExampleProperties),
    group<&ExampleConfig::bus>(kExampleBusProperties),
};
inline constexpr DeviceType kExampleType{
    "example-pci",
    "example",
    "An example",
    DeviceCategory::Misc,
    "PCI",
    kExampleGroups,
    make_config<ExampleConfig>,
};

}  // namespace siskin
