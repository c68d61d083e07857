// SPDX-License-Identifier: Apache-2.0
// TestGuest.
#include "tests/harness/test_guest.h"

#include <cstring>
#include <optional>

#include <sys/mman.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/result.h"

namespace siskin {
namespace {

// Memory that another process could have, too.
GuestRegion region(std::uint64_t base, std::uint64_t size) {
    Fd file(::memfd_create("guest", MFD_CLOEXEC));
    SISKIN_ASSERT(file.valid() && ::ftruncate(file.get(), static_cast<off_t>(size)) == 0);
    auto mapping = Mapping::shared(file, size);
    SISKIN_ASSERT(mapping.has_value());
    return GuestRegion{GuestAddress{base}, std::make_shared<const Mapping>(std::move(*mapping)), 0,
                       std::nullopt, std::make_shared<const Fd>(std::move(file))};
}

}  // namespace

TestGuest::TestGuest() {
    auto memory =
        GuestMemory::create({region(0, kLowEnd), region(kHighBase, kHighEnd - kHighBase)});
    SISKIN_ASSERT(memory.has_value());
    memory_ = std::move(*memory);
}

std::uint64_t TestGuest::allocate(std::uint64_t size, std::uint64_t alignment) {
    const std::uint64_t address = align_up(next_, alignment);
    next_ = address + size;
    SISKIN_ASSERT(next_ <= kLowEnd);
    return address;
}

void TestGuest::start_over() {
    fill(kFirst, next_ - kFirst, 0);
    next_ = kFirst;
}

void TestGuest::fill(std::uint64_t address, std::uint64_t size, std::uint8_t value) const {
    if (size != 0) {
        std::memset(span(address, size).data(), value, size);
    }
}

std::vector<std::uint8_t> TestGuest::bytes(std::uint64_t address, std::uint64_t size) const {
    std::vector<std::uint8_t> copy(size);
    std::memcpy(copy.data(), span(address, size).data(), size);
    return copy;
}

void TestGuest::put(std::uint64_t address, const std::vector<std::uint8_t>& bytes) const {
    std::memcpy(span(address, bytes.size()).data(), bytes.data(), bytes.size());
}

GuestSpan TestGuest::span(std::uint64_t address, std::uint64_t size) const {
    const auto range = memory_->span(GuestAddress{address}, ByteCount{size});
    SISKIN_ASSERT(range.has_value());
    return *range;
}

}  // namespace siskin
