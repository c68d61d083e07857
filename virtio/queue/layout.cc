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

Result<QueueLayout> check_queue(const QueueConfig& config, std::uint16_t size_max,
                                const GuestMemory& memory) {
    // §2.7: "Queue Size value is always a power of 2."
    if (!is_power_of_two(config.size) || config.size > size_max) {
        return fail(
            concat("queue size is ", config.size, ", allowed is a power of two up to ", size_max));
    }
    QueueLayout layout;
    layout.size = config.size;
    layout.descriptor_table = SISKIN_TRY(
        check_part("descriptor table", config.descriptor_table, descriptor_table_size(config.size),
                   virtio_spec::kDescriptorTableAlignment, memory));
    layout.available_ring = SISKIN_TRY(check_part("available ring", config.available_ring,
                                                  available_ring_size(config.size),
                                                  virtio_spec::kAvailableRingAlignment, memory));
    layout.used_ring =
        SISKIN_TRY(check_part("used ring", config.used_ring, used_ring_size(config.size),
                              virtio_spec::kUsedRingAlignment, memory));
    return layout;
}

}  // namespace siskin
