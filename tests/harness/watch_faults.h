// SPDX-License-Identifier: Apache-2.0
// WatchFaults: takes the place of epoll_ctl(2) in a test program, and fails what adds a descriptor.
#pragma once

namespace siskin::test {

// Linking this object puts it in between. One at a time; any thread adds.
class WatchFaults {
public:
    // From now on: the one with this number, counted from 0, ends with this errno.
    WatchFaults(unsigned number, int error);
    ~WatchFaults();
    WatchFaults(const WatchFaults&) = delete;
    WatchFaults& operator=(const WatchFaults&) = delete;

    // It was asked for, and failed.
    [[nodiscard]] bool has_failed() const;
};

}  // namespace siskin::test
