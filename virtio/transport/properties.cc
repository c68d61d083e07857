// SPDX-License-Identifier: Apache-2.0
// What cannot be told property by property.
#include "virtio/transport/properties.h"

#include "base/text.h"
#include "virtio/spec.h"

namespace siskin {

namespace spec = virtio_spec;

VirtioInterfaces interfaces_of(const VirtioPciProperties& properties, bool below_port) {
    const bool has_legacy = properties.disable_legacy == OnOffAuto::Auto
                                ? !below_port
                                : properties.disable_legacy == OnOffAuto::Off;
    if (!has_legacy) {
        return VirtioInterfaces::Modern;
    }
    return properties.disable_modern ? VirtioInterfaces::Legacy : VirtioInterfaces::Transitional;
}

Result<> check_virtio_properties(const VirtioPciProperties& properties, std::string_view type_name,
                                 bool below_port) {
    const VirtioInterfaces interfaces = interfaces_of(properties, below_port);
    if (interfaces == VirtioInterfaces::Modern && properties.disable_modern) {
        return fail(concat(type_name, ": neither the modern nor the legacy interface is left: say ",
                           "disable-modern=off or disable-legacy=off"));
    }
    if (interfaces != VirtioInterfaces::Modern && properties.iommu_platform) {
        return fail(concat(type_name,
                           ": iommu_platform=on needs disable-legacy=on: legacy and "
                           "transitional devices cannot have VIRTIO_F_ACCESS_PLATFORM"));
    }
    return {};
}

Result<> check_modern_properties(const VirtioPciProperties& properties,
                                 std::string_view type_name) {
    if (properties.disable_legacy == OnOffAuto::Off) {
        return fail(concat("Property '", type_name,
                           ".disable-legacy' doesn't take value 'off', allowed is on or auto: it "
                           "has no legacy interface"));
    }
    if (properties.disable_modern) {
        return fail(concat("Property '", type_name,
                           ".disable-modern' doesn't take value 'on', allowed is off: it has no "
                           "other interface"));
    }
    return {};
}

FeatureSet offered_features(const VirtioDevice& device, const VirtioPciProperties& properties) {
    struct Offer {
        bool is_made;
        unsigned feature;
    };
    const std::array<Offer, 7> offers{
        Offer{properties.event_idx, spec::kFeatureRingEventIdx},
        Offer{properties.indirect_desc, spec::kFeatureRingIndirectDesc},
        Offer{properties.packed, spec::kFeatureRingPacked},
        Offer{properties.in_order, spec::kFeatureInOrder},
        Offer{properties.notification_data, spec::kFeatureNotificationData},
        Offer{properties.iommu_platform, spec::kFeatureAccessPlatform},
        Offer{properties.queue_reset && device.can_reset_queues(), spec::kFeatureRingReset},
    };
    FeatureSet offered = device.offered_features();
    offered.add(spec::kFeatureVersion1);
    for (const Offer& offer : offers) {
        if (offer.is_made) {
            offered.add(offer.feature);
        }
    }
    return offered;
}

}  // namespace siskin
