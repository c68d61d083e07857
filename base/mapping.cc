// SPDX-License-Identifier: Apache-2.0
// An owned memory mapping.
#include "base/mapping.h"

#include <bit>
#include <cerrno>
#include <cstdint>

#include <sys/mman.h>

#include "base/bits.h"
#include "base/text.h"
#include "base/units.h"

namespace siskin {

namespace {

constexpr std::size_t kPage = 4 * kKiB;

int protection_of(const MappingRequest& request) {
    return request.read_only ? PROT_READ : PROT_READ | PROT_WRITE;
}

Result<std::byte*> map_at(std::byte* address, const MappingRequest& request, int protection) {
    const int flags = (request.shared ? MAP_SHARED : MAP_PRIVATE) |
                      (request.file == nullptr ? MAP_ANONYMOUS : 0) |
                      (request.reserved ? 0 : MAP_NORESERVE) | (address == nullptr ? 0 : MAP_FIXED);
    const int number = request.file == nullptr ? -1 : request.file->get();
    void* const data = ::mmap(address, request.size, protection, flags, number, 0);
    if (data == MAP_FAILED) {
        return fail_errno(concat("could not map ", request.size, " bytes of memory"), errno);
    }
    return static_cast<std::byte*>(data);
}

}  // namespace

Result<Mapping> Mapping::create(const MappingRequest& request) {
    if (request.alignment == 0) {
        return Mapping(SISKIN_TRY(map_at(nullptr, request, protection_of(request))), request.size);
    }
    SISKIN_ASSERT(std::has_single_bit(request.alignment) && request.alignment >= kPage);
    // Addresses without memory, from which the aligned part is taken.
    const auto room =
        checked_add(GuestAddress{align_up(request.size, kPage)}, ByteCount{request.alignment});
    if (!room || request.size == 0) {
        return fail_errno(concat("could not map ", request.size, " bytes of memory"), ENOMEM);
    }
    MappingRequest nothing;
    nothing.size = room->value();
    nothing.reserved = false;
    Mapping whole(SISKIN_TRY(map_at(nullptr, nothing, PROT_NONE)), nothing.size);
    const auto first = reinterpret_cast<std::uintptr_t>(whole.data_);
    const std::size_t before = align_up(first, request.alignment) - first;
    std::byte* const data =
        SISKIN_TRY(map_at(whole.data_ + before, request, protection_of(request)));
    // What lies around it goes back.
    const std::size_t kept = align_up(request.size, kPage);
    const Mapping head(whole.data_, before);
    const Mapping tail(data + kept, whole.size_ - before - kept);
    whole.data_ = nullptr;
    return Mapping(data, request.size);
}

Result<Mapping> Mapping::anonymous(std::size_t size) {
    // Reserved: what this host can never back is refused now, not when it is used.
    MappingRequest request;
    request.size = size;
    return create(request);
}

Result<Mapping> Mapping::shared(const Fd& fd, std::size_t size) {
    MappingRequest request;
    request.size = size;
    request.file = &fd;
    request.shared = true;
    request.reserved = false;
    return create(request);
}

void Mapping::reset() {
    if (data_ != nullptr && size_ != 0) {
        ::munmap(data_, size_);
        data_ = nullptr;
        size_ = 0;
    }
}

}  // namespace siskin
