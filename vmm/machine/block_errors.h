// SPDX-License-Identifier: Apache-2.0
// BlockErrors: what disks' hosts failed, on its way to the VM thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/mutex.h"
#include "base/result.h"
#include "devices/block/block_on_error.h"

namespace siskin {

struct BlockErrorReport {
    std::string device;  // the drive's id, or empty
    std::string node_name;
    BlockError error;
    bool may_stop = false;  // the disk's policy can stop the machine
};

// Any thread reports, the VM thread takes. A guest of a broken disk makes errors as fast as it can:
// of one disk kReportsASecondMax are told, and of all kReportsMax wait at most. Further ones are
// dropped, but that the machine has to stop never is.
class BlockErrors {
public:
    static constexpr std::size_t kReportsMax = 64;
    static constexpr unsigned kReportsASecondMax = 10;

    struct Taken {
        std::vector<BlockErrorReport> reports;
        bool stop = false;
    };

    [[nodiscard]] static Result<std::unique_ptr<BlockErrors>> create();

    // For one disk; this object outlives it.
    [[nodiscard]] std::unique_ptr<BlockErrorSink> sink(std::string device, std::string node_name,
                                                       bool may_stop);
    [[nodiscard]] Taken take() SISKIN_EXCLUDES(mutex_);
    // Readable when there is something to take.
    [[nodiscard]] int event_fd() const { return event_.get(); }

private:
    class Sink;

    explicit BlockErrors(EventFd event) : event_(std::move(event)) {}
    void report(const BlockErrorReport& report, bool is_too_often) SISKIN_EXCLUDES(mutex_);

    EventFd event_;
    Mutex mutex_;
    Taken pending_ SISKIN_GUARDED_BY(mutex_);
};

}  // namespace siskin
