// SPDX-License-Identifier: Apache-2.0
// GuestSpan: a range of guest RAM that was checked once; copies in and out, never hands out types.
#pragma once

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <type_traits>

namespace siskin {

// Types that may be filled from raw guest bytes.
template <typename T>
concept GuestReadable = std::is_trivially_copyable_v<T>;

#ifdef SISKIN_OBSERVE_GUEST_READS
// A program of tests that is built so has this: it is told of each copy before it is made, and may
// change the guest's bytes then, as another vCPU may.
void observe_guest_read(std::byte* data, std::size_t size);
#else
inline void observe_guest_read(std::byte*, std::size_t) {}
#endif

// `size` bytes of guest RAM at `data`. The guest may change them at any moment: copy in, check the
// copy, use the copy. Offsets are the caller's business: they are computed by us, inside `size`.
// Valid as long as the GuestMemory it came from.
class GuestSpan {
public:
    GuestSpan() = default;
    GuestSpan(std::byte* data, std::size_t size) : data_(data), size_(size) {}

    [[nodiscard]] std::byte* data() const { return data_; }
    [[nodiscard]] std::size_t size() const { return size_; }

    template <GuestReadable T>
    [[nodiscard]] T read(std::size_t offset = 0) const {
        T copy;
        observe_guest_read(data_ + offset, sizeof(copy));
        std::memcpy(&copy, data_ + offset, sizeof(copy));
        return copy;
    }
    // All of it.
    void copy_to(std::byte* into) const {
        observe_guest_read(data_, size_);
        std::memcpy(into, data_, size_);
    }
    template <GuestReadable T>
    void write(const T& object, std::size_t offset = 0) const {
        std::memcpy(data_ + offset, &object, sizeof(object));
    }

    // One ring index or flag shared with the driver; `offset` is aligned to the integer's size.
    template <std::unsigned_integral Integer>
    [[nodiscard]] Integer load(std::size_t offset, std::memory_order order) const {
        observe_guest_read(data_ + offset, sizeof(Integer));
        return atomic<Integer>(offset).load(order);
    }
    template <std::unsigned_integral Integer>
    void store(Integer value, std::size_t offset, std::memory_order order) const {
        atomic<Integer>(offset).store(value, order);
    }

private:
    template <std::unsigned_integral Integer>
    [[nodiscard]] std::atomic_ref<Integer> atomic(std::size_t offset) const {
        return std::atomic_ref<Integer>(*reinterpret_cast<Integer*>(data_ + offset));
    }

    std::byte* data_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace siskin
