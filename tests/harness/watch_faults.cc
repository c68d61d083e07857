// SPDX-License-Identifier: Apache-2.0
// WatchFaults.
#include "tests/harness/watch_faults.h"

#include <atomic>
#include <cerrno>

#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace siskin::test {
namespace {

constexpr int kNever = -1;

std::atomic<int> left{kNever};  // additions before the one that fails
std::atomic<int> error_number{0};

}  // namespace

WatchFaults::WatchFaults(unsigned number, int error) {
    error_number.store(error);
    left.store(static_cast<int>(number));
}

WatchFaults::~WatchFaults() {
    left.store(kNever);
}

bool WatchFaults::has_failed() const {
    return left.load() == kNever;
}

}  // namespace siskin::test

extern "C" int epoll_ctl(int epoll, int operation, int descriptor, epoll_event* event) {
    using namespace siskin::test;
    int now = left.load();
    while (operation == EPOLL_CTL_ADD && now != kNever) {
        if (left.compare_exchange_weak(now, now - 1)) {
            if (now == 0) {
                errno = error_number.load();
                return -1;
            }
            break;
        }
    }
    return static_cast<int>(::syscall(SYS_epoll_ctl, epoll, operation, descriptor, event));
}
