// SPDX-License-Identifier: Apache-2.0
// An owned memory mapping: unmapped on destruction.
#pragma once

#include <cstddef>
#include <utility>

#include "base/fd.h"
#include "base/result.h"

namespace siskin {

// What is mapped, and how.
struct MappingRequest {
    std::size_t size = 0;
    const Fd* file = nullptr;  // from its start; null: zeroed memory of no file
    bool shared = false;       // writes reach the file, or other processes; else they stay here
    bool reserved = true;      // swap and huge pages are set aside now
    bool read_only = false;
    std::size_t alignment = 0;  // of the address, a power of two; 0: a page
};

// Owns one mmap(2) range. Move-only. The bytes may be shared with a guest or the kernel.
class Mapping {
public:
    Mapping() = default;
    ~Mapping() { reset(); }
    Mapping(Mapping&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
    Mapping& operator=(Mapping&& other) noexcept {
        if (this != &other) {
            reset();
            data_ = std::exchange(other.data_, nullptr);
            size_ = std::exchange(other.size_, 0);
        }
        return *this;
    }
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;

    // Zeroed private memory, not reserved in swap.
    [[nodiscard]] static Result<Mapping> anonymous(std::size_t size);
    // `size` bytes of `fd` from its start, shared, readable and writable.
    [[nodiscard]] static Result<Mapping> shared(const Fd& fd, std::size_t size);

    [[nodiscard]] static Result<Mapping> create(const MappingRequest& request);

    [[nodiscard]] std::byte* data() const { return data_; }
    // In bytes.
    [[nodiscard]] std::size_t size() const { return size_; }

private:
    Mapping(std::byte* data, std::size_t size) : data_(data), size_(size) {}
    void reset();

    std::byte* data_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace siskin
