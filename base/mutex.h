// SPDX-License-Identifier: Apache-2.0
// A mutex that clang's thread-safety analysis understands, and the words that state a thread.
#pragma once

#include <mutex>

#if defined(__clang__)
#define SISKIN_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define SISKIN_THREAD_ATTRIBUTE(x)
#endif

#define SISKIN_CAPABILITY(name) SISKIN_THREAD_ATTRIBUTE(capability(name))
#define SISKIN_SCOPED_CAPABILITY SISKIN_THREAD_ATTRIBUTE(scoped_lockable)
#define SISKIN_GUARDED_BY(lock) SISKIN_THREAD_ATTRIBUTE(guarded_by(lock))
#define SISKIN_REQUIRES(...) SISKIN_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define SISKIN_EXCLUDES(...) SISKIN_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))
#define SISKIN_ACQUIRE(...) SISKIN_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define SISKIN_RELEASE(...) SISKIN_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
#define SISKIN_ASSERT_CAPABILITY(x) SISKIN_THREAD_ATTRIBUTE(assert_capability(x))

// "This function runs on that thread": SISKIN_ON(vm_thread).
#define SISKIN_ON(...) SISKIN_REQUIRES(__VA_ARGS__)

namespace siskin {

// std::mutex with the attributes. Never held across a system call that may block.
class SISKIN_CAPABILITY("mutex") Mutex {
public:
    void lock() SISKIN_ACQUIRE() { mutex_.lock(); }
    void unlock() SISKIN_RELEASE() { mutex_.unlock(); }
    // For std::condition_variable, which wants the plain type.
    [[nodiscard]] std::mutex& native() { return mutex_; }

private:
    std::mutex mutex_;
};

// Holds a Mutex for its own lifetime.
class SISKIN_SCOPED_CAPABILITY MutexLock {
public:
    explicit MutexLock(Mutex& mutex) SISKIN_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
    ~MutexLock() SISKIN_RELEASE() { mutex_.unlock(); }
    MutexLock(const MutexLock&) = delete;
    MutexLock& operator=(const MutexLock&) = delete;

private:
    Mutex& mutex_;
};

}  // namespace siskin
