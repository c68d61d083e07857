// SPDX-License-Identifier: Apache-2.0
// What cannot be told property by property.
#include "virtio/transport/properties.h"

#include "base/text.h"
#include "virtio/spec.h"

namespace siskin {
namespace {

namespace spec = virtio_spec;

struct Forbidden {
    bool present;
    std::string_view name;
    std::string_view value;
    std::string_view allowed;
};

}  // namespace

Result<> check_virtio_properties(const VirtioPciProperties& properties,
                                 std::string_view type_name) {
    const std::array<Forbidden, 3> checks{
        Forbidden{properties.disable_legacy == OnOffAuto::Off, "disable-legacy", "off",
                  "on or auto (there is no legacy interface)"},
        Forbidden{properties.disable_modern, "disable-modern", "on", "off"},
        Forbidden{properties.iommu_platform, "iommu_platform", "on", "off"},
    };
    for (const Forbidden& check : checks) {
        if (check.present) {
            return fail(concat("Property '", type_name, '.', check.name, "' doesn't take value '",
                               check.value, "', allowed is ", check.allowed));
        }
    }
    return {};
}

FeatureSet offered_features(const VirtioDevice& device, const VirtioPciProperties& properties) {
    struct Offer {
        bool is_made;
        unsigned feature;
    };
    const std::array<Offer, 6> offers{
        Offer{properties.event_idx, spec::kFeatureRingEventIdx},
        Offer{properties.indirect_desc, spec::kFeatureRingIndirectDesc},
        Offer{properties.packed, spec::kFeatureRingPacked},
        Offer{properties.in_order, spec::kFeatureInOrder},
        Offer{properties.notification_data, spec::kFeatureNotificationData},
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
