// SPDX-License-Identifier: Apache-2.0
// Proves virtio/transport/properties.
#include "virtio/transport/properties.h"

#include <doctest/doctest.h>

#include "base/object/property.h"

namespace siskin {

namespace {

constexpr std::array kGroups{group_of_whole(kVirtioPciProperties),
                             group_of_whole(kVirtioInterfaceProperties)};

// The message, or nothing when both the table and the check accept it.
std::string refusal(std::string_view name, const Value& value) {
    VirtioPciProperties properties;
    const auto set = set_property(kGroups, &properties, "virtio-blk-pci", name, value);
    if (!set) {
        return set.error().message;
    }
    const auto checked = check_virtio_properties(properties, "virtio-blk-pci", false);
    return checked ? std::string() : checked.error().message;
}

}  // namespace

TEST_SUITE("virtio/transport/properties") {
    TEST_CASE("what libvirt and kata always send is accepted") {
        CHECK(refusal("disable-legacy", "on").empty());
        CHECK(refusal("disable-legacy", "auto").empty());
        CHECK(refusal("disable-legacy", true).empty());
        CHECK(refusal("disable-legacy", "off").empty());
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

    TEST_CASE("auto is a transitional device, but for one below a port; what is said counts") {
        VirtioPciProperties properties;
        CHECK(interfaces_of(properties, true) == VirtioInterfaces::Modern);
        CHECK(interfaces_of(properties, false) == VirtioInterfaces::Transitional);
        properties.disable_modern = true;
        CHECK(interfaces_of(properties, false) == VirtioInterfaces::Legacy);
        properties.disable_legacy = OnOffAuto::Off;
        CHECK(interfaces_of(properties, true) == VirtioInterfaces::Legacy);
        properties.disable_modern = false;
        CHECK(interfaces_of(properties, true) == VirtioInterfaces::Transitional);
        properties.disable_legacy = OnOffAuto::On;
        CHECK(interfaces_of(properties, false) == VirtioInterfaces::Modern);
    }

    TEST_CASE("without any interface there is no device") {
        constexpr std::string_view kNeither =
            "virtio-blk-pci: neither the modern nor the legacy interface is left: say "
            "disable-modern=off or disable-legacy=off";
        VirtioPciProperties properties;
        properties.disable_modern = true;

        CHECK(check_virtio_properties(properties, "virtio-blk-pci", false).has_value());
        CHECK(check_virtio_properties(properties, "virtio-blk-pci", true).error().message ==
              kNeither);
        properties.disable_legacy = OnOffAuto::On;
        CHECK(check_virtio_properties(properties, "virtio-blk-pci", false).error().message ==
              kNeither);
        CHECK(check_virtio_properties(properties, "virtio-blk-pci", true).error().message ==
              kNeither);
    }

    TEST_CASE("iommu_platform is for modern devices alone, and offers ACCESS_PLATFORM") {
        VirtioPciProperties properties;
        properties.iommu_platform = true;

        CHECK(check_virtio_properties(properties, "virtio-blk-pci", true).has_value());
        CHECK(check_virtio_properties(properties, "virtio-blk-pci", false).error().message ==
              "virtio-blk-pci: iommu_platform=on needs disable-legacy=on: legacy and transitional "
              "devices cannot have VIRTIO_F_ACCESS_PLATFORM");
        properties.disable_legacy = OnOffAuto::On;
        CHECK(check_virtio_properties(properties, "virtio-blk-pci", false).has_value());
    }

    TEST_CASE("what there is not is refused with what is allowed") {
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
