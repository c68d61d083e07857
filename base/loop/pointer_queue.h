// SPDX-License-Identifier: Apache-2.0
// A bounded lock-free queue of pointers: what is inside a Mailbox.
#pragma once

#include <cstddef>
#include <memory>

namespace siskin {

// Many producers, many consumers; Boost.Lockfree, whose header stays in the .cc file.
class PointerQueue {
public:
    // `capacity` is 1 to 65534.
    explicit PointerQueue(std::size_t capacity);
    ~PointerQueue();
    PointerQueue(const PointerQueue&) = delete;
    PointerQueue& operator=(const PointerQueue&) = delete;

    // False when full.
    [[nodiscard]] bool push(void* pointer);
    // Null when empty.
    [[nodiscard]] void* pop();

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace siskin
