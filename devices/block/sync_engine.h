// SPDX-License-Identifier: Apache-2.0
// SyncEngine: I/O by preadv, pwritev, fdatasync and fallocate on the loop's own thread.
#pragma once

#include <memory>

#include "base/fd.h"
#include "devices/block/block_node.h"
#include "devices/block/file_access.h"

namespace siskin {

// For hosts without io_uring, and `aio=threads`. One operation runs at a time and holds up the
// other sources of its IoThread meanwhile. Left out: a pool of threads.
class SyncEngine final : public BlockEngine, private IoSource {
public:
    [[nodiscard]] static Result<std::unique_ptr<BlockEngine>> create(FileAccess& file);

    [[nodiscard]] Result<> attach(IoLoop& loop) override;
    void detach(IoLoop& loop) override;
    void submit(BlockOperation& operation) override;
    [[nodiscard]] std::string_view name() const override { return "threads"; }

private:
    SyncEngine(FileAccess& file, EventFd submitted)
        : file_(file), submitted_(std::move(submitted)) {}
    void on_ready() override;
    void queue(BlockOperation& operation);

    FileAccess& file_;
    EventFd submitted_;
    BlockOperationList waiting_;
};

}  // namespace siskin
