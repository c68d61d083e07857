// SPDX-License-Identifier: Apache-2.0
// Checks of a virtqueue's registers.
#include "virtio/queue/layout.h"

#include "base/bits.h"
#include "base/text.h"
#include "virtio/spec.h"

namespace siskin {
namespace {

Result<GuestSpan> check_part(std::string_view what, GuestAddress address, ByteCount size,
                             std::uint64_t alignment, const GuestMemory& memory) {
    if (!is_aligned(address.value(), alignment)) {
        return fail(
            concat(what, " at ", hex(address.value()), " is not aligned to ", alignment, " bytes"));
    }
    const auto span = memory.span(address, size);
    if (!span) {
        return fail(concat(what, " at ", hex(address.value()), " + ", hex(size.value()),
                           " is not inside one region of RAM"));
    }
    return *span;
}

}  // namespace

RingFormat ring_format_of(FeatureSet accepted) {
    return accepted.has(virtio_spec::kFeatureRingPacked) ? RingFormat::Packed : RingFormat::Split;
}

QueueConfig legacy_queue(std::uint32_t page, std::uint16_t size) {
    // At most 2^44 + 2^20 or so: nothing wraps.
    const std::uint64_t base = std::uint64_t{page} * virtio_spec::kLegacyQueueAlignment;
    const std::uint64_t available = base + descriptor_table_size(size).value();
    const std::uint64_t used =
        align_up(available + available_ring_size(size).value(), virtio_spec::kLegacyQueueAlignment);
    return QueueConfig{size, GuestAddress{base}, GuestAddress{available}, GuestAddress{used}};
}

Result<QueueLayout> check_queue(const QueueConfig& config, std::uint16_t size_max,
                                RingFormat format, const GuestMemory& memory) {
    const bool packed = format == RingFormat::Packed;
    // §2.7: "Queue Size value is always a power of 2." §2.8.10.1: a packed one need not be.
    if (config.size == 0 || config.size > size_max || !(packed || is_power_of_two(config.size))) {
        return fail(concat("queue size is ", config.size, ", allowed is a ",
                           packed ? "number from 1" : "power of two", " up to ", size_max));
    }
    QueueLayout layout;
    layout.size = config.size;
    layout.descriptor_area = SISKIN_TRY(check_part(
        packed ? "descriptor ring" : "descriptor table", config.descriptor_area,
        descriptor_table_size(config.size), virtio_spec::kDescriptorTableAlignment, memory));
    layout.driver_area = SISKIN_TRY(check_part(
        packed ? "driver event suppression" : "available ring", config.driver_area,
        packed ? kEventSuppressionSize : available_ring_size(config.size),
        packed ? virtio_spec::kEventSuppressionAlignment : virtio_spec::kAvailableRingAlignment,
        memory));
    layout.device_area = SISKIN_TRY(check_part(
        packed ? "device event suppression" : "used ring", config.device_area,
        packed ? kEventSuppressionSize : used_ring_size(config.size),
        packed ? virtio_spec::kEventSuppressionAlignment : virtio_spec::kUsedRingAlignment,
        memory));
    return layout;
}

}  // namespace siskin
