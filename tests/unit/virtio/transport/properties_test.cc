// SPDX-License-Identifier: Apache-2.0
// Proves virtio/transport/properties.
#include "virtio/transport/properties.h"

#include <doctest/doctest.h>

#include "base/object/property.h"

namespace siskin {

namespace {

constexpr std::array kGroups{group_of_whole(kVirtioPciProperties)};

// The message, or nothing when both the table and the check accept it.
std::string refusal(std::string_view name, const Value& value) {
    VirtioPciProperties properties;
    const auto set = set_property(kGroups, &properties, "virtio-blk-pci", name, value);
    if (!set) {
        return set.error().message;
    }
    const auto checked = check_virtio_properties(properties, "virtio-blk-pci");
    return checked ? std::string() : checked.error().message;
}

}  // namespace

TEST_SUITE("virtio/transport/properties") {
    TEST_CASE("what libvirt and kata always send is accepted") {
        CHECK(refusal("disable-legacy", "on").empty());
        CHECK(refusal("disable-legacy", "auto").empty());
        CHECK(refusal("disable-legacy", true).empty());
        CHECK(refusal("disable-modern", "off").empty());
        CHECK(refusal("disable-modern", "false").empty());
        CHECK(refusal("vectors", 3).empty());
        CHECK(refusal("vectors", "0").empty());
        CHECK(refusal("ioeventfd", "off").empty());
        CHECK(refusal("event_idx", "off").empty());
        CHECK(refusal("indirect_desc", "on").empty());
        CHECK(refusal("packed", "on").empty());
        CHECK(refusal("queue_reset", "off").empty());
        CHECK(refusal("in_order", "on").empty());
        CHECK(refusal("notification_data", "on").empty());
        CHECK(refusal("iommu_platform", "off").empty());
    }

    TEST_CASE("what there is not is refused with what is allowed") {
        CHECK(refusal("disable-legacy", "off") ==
              "Property 'virtio-blk-pci.disable-legacy' doesn't take value 'off', allowed is on or "
              "auto (there is no legacy interface)");
        CHECK(refusal("disable-modern", "on") ==
              "Property 'virtio-blk-pci.disable-modern' doesn't take value 'on', allowed is off");
        CHECK(refusal("iommu_platform", true) ==
              "Property 'virtio-blk-pci.iommu_platform' doesn't take value 'on', allowed is off");
        CHECK(refusal("disable-legacy", "maybe") ==
              "Property 'virtio-blk-pci.disable-legacy' doesn't take value 'maybe', allowed is on, "
              "off or auto");
        CHECK_FALSE(refusal("vectors", 2049).empty());
        CHECK_FALSE(refusal("vectors", -1).empty());
    }

    TEST_CASE("OnOffAuto prints as QMP shows it") {
        CHECK(Codec<OnOffAuto>::print(OnOffAuto::Auto) == Value("auto"));
        CHECK(Codec<OnOffAuto>::print(OnOffAuto::On) == Value("on"));
        CHECK(Codec<OnOffAuto>::print(OnOffAuto::Off) == Value("off"));
    }
}

}  // namespace siskin
