// SPDX-License-Identifier: Apache-2.0
// RingMemory.
#include "virtio/vhost_user/ring_memory.h"

#include <cerrno>
#include <cstddef>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/bits.h"

namespace siskin {
namespace {

constexpr std::size_t kPageSize = 4096;

}  // namespace

Result<RingMemory> RingMemory::create(std::uint16_t ring_count, std::uint16_t entries) {
    const std::size_t ring_size = align_up(ShadowRing::memory_size(entries), kPageSize);
    const std::size_t size = ring_count * ring_size;
    Fd file(::memfd_create("siskin-vhost-user", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!file.valid() || ::ftruncate(file.get(), static_cast<off_t>(size)) != 0 ||
        ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        return fail_errno("could not create memory to share", errno);
    }
    Mapping mapping = SISKIN_TRY(Mapping::shared(file, size));
    RingMemory memory(std::move(file), std::move(mapping));
    for (std::size_t ring = 0; ring < ring_count; ++ring) {
        memory.rings_.emplace_back(GuestSpan(memory.mapping_.data() + ring * ring_size, ring_size),
                                   entries);
    }
    return memory;
}

}  // namespace siskin
