// SPDX-License-Identifier: Apache-2.0
// BlockErrors.
#include "vmm/machine/block_errors.h"

#include <utility>

#include "devices/block/block_counters.h"

namespace siskin {

class BlockErrors::Sink final : public BlockErrorSink {
public:
    Sink(BlockErrors& owner, BlockErrorReport report) : owner_(owner), report_(std::move(report)) {}

    void on_block_error(const BlockError& error) override {
        BlockErrorReport report = report_;
        report.error = error;
        owner_.report(report, is_too_often());
    }

private:
    // Thread: the disk's I/O threads.
    bool is_too_often() SISKIN_EXCLUDES(mutex_) {
        const MutexLock hold(mutex_);
        const std::uint64_t second = monotonic_ns() / 1'000'000'000;
        told_ = std::exchange(second_, second) == second ? told_ + 1 : 1;
        return told_ > kReportsASecondMax;
    }

    BlockErrors& owner_;
    const BlockErrorReport report_;
    Mutex mutex_;
    std::uint64_t second_ SISKIN_GUARDED_BY(mutex_) = 0;
    unsigned told_ SISKIN_GUARDED_BY(mutex_) = 0;
};

Result<std::unique_ptr<BlockErrors>> BlockErrors::create() {
    return std::unique_ptr<BlockErrors>(new BlockErrors(SISKIN_TRY(EventFd::create())));
}

std::unique_ptr<BlockErrorSink> BlockErrors::sink(std::string device, std::string node_name,
                                                  bool may_stop) {
    return std::make_unique<Sink>(
        *this, BlockErrorReport{std::move(device), std::move(node_name), {}, may_stop});
}

void BlockErrors::report(const BlockErrorReport& report, bool is_too_often) {
    const bool stops = report.error.action == BlockErrorAction::Stop;
    if (is_too_often && !stops) {
        return;
    }
    {
        const MutexLock hold(mutex_);
        pending_.stop = pending_.stop || stops;
        if (pending_.reports.size() < kReportsMax) {
            pending_.reports.push_back(report);
        }
    }
    event_.signal();
}

BlockErrors::Taken BlockErrors::take() {
    [[maybe_unused]] const auto count = event_.take();
    const MutexLock hold(mutex_);
    return std::exchange(pending_, Taken());
}

}  // namespace siskin
