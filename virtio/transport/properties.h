// SPDX-License-Identifier: Apache-2.0
// The properties that every virtio PCI device has, and what follows from them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/object/on_off_auto.h"
#include "base/object/or_unset.h"
#include "base/object/property.h"
#include "base/result.h"
#include "virtio/device.h"
#include "virtio/features.h"

namespace siskin {

// A part of each virtio PCI device's config struct: group<&C::virtio>(kVirtioPciProperties), and
// kVirtioInterfaceProperties where the type leaves that choice.
struct VirtioPciProperties {
    bool ioeventfd = true;
    OrUnset<std::uint32_t, 0xffffffffU> vectors;
    bool event_idx = true;
    bool indirect_desc = true;
    OnOffAuto disable_legacy = OnOffAuto::Auto;
    bool disable_modern = false;
    bool packed = false;
    bool in_order = false;
    bool notification_data = false;
    bool queue_reset = true;
    bool iommu_platform = false;
    bool aer = false;
    bool ats = false;
    bool x_ats_page_aligned = true;
    bool x_ari = false;
    std::optional<std::uint64_t> x_serial_number;
    bool x_irqfd = true;
};

// Of types whose name says which interface they have.
inline constexpr std::array kVirtioPciProperties{
    property<&VirtioPciProperties::ioeventfd>(
        "ioeventfd", "Take notifications in the kernel, without an exit to siskin."),
    property<&VirtioPciProperties::vectors>(
        "vectors", "MSI-X vectors, 0 for none; one more than there are queues when not set.",
        InRange{0, 2048}),
    property<&VirtioPciProperties::event_idx>("event_idx", "Offer VIRTIO_F_EVENT_IDX."),
    property<&VirtioPciProperties::indirect_desc>("indirect_desc", "Offer VIRTIO_F_INDIRECT_DESC."),
    property<&VirtioPciProperties::packed>("packed", "Offer VIRTIO_F_RING_PACKED."),
    property<&VirtioPciProperties::in_order>(
        "in_order", "Offer VIRTIO_F_IN_ORDER: buffers are used in the order they were offered."),
    property<&VirtioPciProperties::notification_data>("notification_data",
                                                      "Offer VIRTIO_F_NOTIFICATION_DATA."),
    property<&VirtioPciProperties::queue_reset>(
        "queue_reset", "Offer VIRTIO_F_RING_RESET, where the device can reset single queues."),
    property<&VirtioPciProperties::aer>(
        "aer", "Advanced error reporting, where the device is a PCI Express one."),
    property<&VirtioPciProperties::ats>(
        "ats", "Address translation services, where the device is a PCI Express one."),
    property<&VirtioPciProperties::x_ats_page_aligned>(
        "x-ats-page-aligned", "What ats tells of untranslated addresses: whole pages."),
    property<&VirtioPciProperties::x_ari>(
        "x-siskin-ari", "Below a port, be one of up to 256 functions of the device there."),
    property<&VirtioPciProperties::x_serial_number>(
        "x-siskin-serial-number", "Device serial number, where the device is a PCI Express one."),
    property<&VirtioPciProperties::x_irqfd>(
        "x-irqfd", "Deliver MSI-X in the kernel, without siskin's thread in between."),
    property<&VirtioPciProperties::iommu_platform>(
        "iommu_platform",
        "Offer VIRTIO_F_ACCESS_PLATFORM, and insist on it; of modern devices alone."),
};

inline constexpr std::array kVirtioInterfaceProperties{
    property<&VirtioPciProperties::disable_legacy>(
        "disable-legacy", "No legacy interface; auto: none below a PCI Express port."),
    property<&VirtioPciProperties::disable_modern>("disable-modern", "The legacy interface alone."),
};

// By which a driver may reach a device: both make it a transitional one (virtio 1.2 §1.3.1).
enum class VirtioInterfaces { Modern, Transitional, Legacy };
// What the properties make of a device that is below a port, or not.
[[nodiscard]] VirtioInterfaces interfaces_of(const VirtioPciProperties& properties,
                                             bool below_port);

// Error: there is no interface left, or one that iommu_platform cannot have. `type_name` begins the
// message.
[[nodiscard]] Result<> check_virtio_properties(const VirtioPciProperties& properties,
                                               std::string_view type_name, bool below_port);

// The same of a type that has no legacy interface, wherever it is. Error: one is asked for.
[[nodiscard]] Result<> check_modern_properties(const VirtioPciProperties& properties,
                                               std::string_view type_name);

// What the device offers, and what the transport adds to it (virtio 1.2 §6). Of that a legacy
// driver sees the first 32.
[[nodiscard]] FeatureSet offered_features(const VirtioDevice& device,
                                          const VirtioPciProperties& properties);

}  // namespace siskin
