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

#if defined(__SANITIZE_THREAD__)
#define SISKIN_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SISKIN_THREAD_SANITIZER 1
#endif
#endif

#ifdef SISKIN_THREAD_SANITIZER
// Boost's free list reads the link of a node that another thread may have taken meanwhile, and then
// throws the value away, since the tag of the head has changed. ThreadSanitizer cannot know that.
// NOLINTNEXTLINE(bugprone-reserved-identifier): the name ThreadSanitizer looks for.
extern "C" const char* __tsan_default_suppressions();
// NOLINTNEXTLINE(bugprone-reserved-identifier): as above.
extern "C" const char* __tsan_default_suppressions() {
    return "race:boost::lockfree::\n";
}
#endif
