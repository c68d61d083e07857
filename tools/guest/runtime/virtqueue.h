// SPDX-License-Identifier: Apache-2.0
// The driver's side of a split virtqueue (virtio 1.2 §2.7), with indirect tables and event_idx.
#pragma once

#include <cstdint>

namespace siskin::guest {

struct Descriptor {         // §2.7.5
    std::uint64_t address;  //  0
    std::uint32_t length;   //  8
    std::uint16_t flags;    // 12
    std::uint16_t next;     // 14
};
static_assert(sizeof(Descriptor) == 16);

inline constexpr std::uint16_t kDescriptorNext = 1;
inline constexpr std::uint16_t kDescriptorWrite = 2;
inline constexpr std::uint16_t kDescriptorIndirect = 4;

struct AvailableRing {  // §2.7.6; behind the ring: used_event
    std::uint16_t flags;
    std::uint16_t index;
    std::uint16_t ring[];
};

struct UsedElement {  // §2.7.8
    std::uint32_t id;
    std::uint32_t length;
};
struct UsedRing {  // §2.7.8; behind the ring: avail_event
    std::uint16_t flags;
    std::uint16_t index;
    UsedElement ring[];
};

// One piece of memory of a request.
struct Buffer {
    const volatile void* data;
    std::uint32_t size;
    bool device_writes;
};

inline constexpr unsigned kQueueSizeMax = 256;

// Memory for rings and requests: zeroed, aligned to `alignment` (a power of two), never given back.
[[nodiscard]] void* allocate(std::uint64_t size, std::uint64_t alignment);

class Virtqueue {
public:
    struct Options {
        bool indirect = false;
        bool event_index = false;
    };

    // Takes fresh memory at the first call, the same memory zeroed again later.
    void set_up(std::uint16_t size, Options options);

    [[nodiscard]] std::uint16_t size() const { return size_; }
    [[nodiscard]] std::uint64_t descriptors_address() const;
    [[nodiscard]] std::uint64_t available_address() const;
    [[nodiscard]] std::uint64_t used_address() const;

    // Makes a chain of the buffers available. The head is the next descriptor in turn; the caller
    // has no more requests under way than fit.
    std::uint16_t add(const Buffer* buffers, unsigned count);
    // Whether the device wants to hear of it (§2.7.10).
    [[nodiscard]] bool wants_notification() const;
    [[nodiscard]] bool has_used() const;
    // The next used element; has_used() held.
    UsedElement take_used();
    // Asks for an interrupt at the next used element, or for none (§2.7.7).
    void set_interrupts(bool wanted);

    // For those who break the rules.
    [[nodiscard]] volatile Descriptor& descriptor(unsigned index) { return descriptors_[index]; }
    void publish_head(std::uint16_t head);
    void set_available_index(std::uint16_t index);
    [[nodiscard]] std::uint16_t available_index() const { return next_available_; }
    [[nodiscard]] std::uint16_t used_index() const;

private:
    [[nodiscard]] volatile std::uint16_t& used_event();
    [[nodiscard]] volatile std::uint16_t& available_event() const;

    std::uint16_t size_ = 0;
    Options options_;
    volatile Descriptor* descriptors_ = nullptr;
    volatile AvailableRing* available_ = nullptr;
    volatile UsedRing* used_ = nullptr;
    Descriptor* indirect_tables_ = nullptr;  // kIndirectLength entries a head
    std::uint16_t next_descriptor_ = 0;
    std::uint16_t next_available_ = 0;
    std::uint16_t notified_at_ = 0;
    std::uint16_t next_used_ = 0;
    bool interrupts_wanted_ = false;
};

}  // namespace siskin::guest
