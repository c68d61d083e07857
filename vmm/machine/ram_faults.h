// SPDX-License-Identifier: Apache-2.0
// RamFaults: guest RAM that the host takes away is a machine that stops, not a process that dies.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace siskin {

// A file behind guest RAM that somebody cuts short, a file system that is full, a page that the
// hardware lost: an access to such a page is answered by SIGBUS. As long as this object is there, a
// page of zeroes takes the place of a lost one, so that the access goes on, and the event is
// signalled; whoever hears it stops the machine, as the guest's memory is not what it was. A vCPU
// that meets such a page first fails by itself (KVM_RUN: EFAULT). SIGBUS for any other address ends
// the process as ever. One object of the process at a time. Thread: VM loop; the signal comes on
// any.
class RamFaults {
public:
    struct Range {
        std::byte* data;
        std::size_t size;
        std::size_t page_size;
    };
    static constexpr std::size_t kRangesMax = 256;

    // Error: no descriptor is left, or there are too many ranges.
    [[nodiscard]] static Result<std::unique_ptr<RamFaults>> install(std::vector<Range> ranges);
    ~RamFaults();
    RamFaults(const RamFaults&) = delete;
    RamFaults& operator=(const RamFaults&) = delete;

    [[nodiscard]] const EventFd& event() const { return event_; }
    // Where the last lost page is, in this process; nothing where none was lost since the last
    // call.
    [[nodiscard]] std::optional<const std::byte*> take();

private:
    RamFaults(EventFd event, std::vector<Range> ranges)
        : event_(std::move(event)), ranges_(std::move(ranges)) {}

    EventFd event_;
    std::vector<Range> ranges_;
};

}  // namespace siskin
