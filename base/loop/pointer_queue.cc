// SPDX-License-Identifier: Apache-2.0
// PointerQueue over Boost.Lockfree.
#include "base/loop/pointer_queue.h"

#include <boost/lockfree/queue.hpp>

namespace siskin {

class PointerQueue::Impl {
public:
    explicit Impl(std::size_t capacity) : queue(capacity) {}

    boost::lockfree::queue<void*, boost::lockfree::fixed_sized<true>> queue;
};

PointerQueue::PointerQueue(std::size_t capacity) : impl_(std::make_unique<Impl>(capacity)) {}
PointerQueue::~PointerQueue() = default;

bool PointerQueue::push(void* pointer) {
    return impl_->queue.bounded_push(pointer);
}

void* PointerQueue::pop() {
    void* pointer = nullptr;
    return impl_->queue.pop(pointer) ? pointer : nullptr;
}

}  // namespace siskin
