// SPDX-License-Identifier: Apache-2.0
// SyncEngine.
#include "devices/block/sync_engine.h"

#include <cerrno>

#include <sys/uio.h>
#include <unistd.h>

namespace siskin {
namespace {

std::int64_t run_step(FileAccess& file, const BlockOperation& operation) {
    const auto buffers = operation.buffers();
    const int fd = file.file.get();
    const auto offset = static_cast<off_t>(operation.offset());
    std::int64_t result = 0;
    switch (operation.step()) {
        case BlockOperation::Step::Read:
            result = ::preadv(fd, buffers.data(), static_cast<int>(buffers.size()), offset);
            return result < 0 ? -errno : result;
        case BlockOperation::Step::Write:
            result = ::pwritev(fd, buffers.data(), static_cast<int>(buffers.size()), offset);
            return result < 0 ? -errno : result;
        case BlockOperation::Step::Sync:
            if (file.flush_error.load() == 0) {
                result = ::fdatasync(fd) < 0 ? -errno : 0;
            }
            return file.sync_result(result);
        case BlockOperation::Step::PunchHole:
        case BlockOperation::Step::ZeroRange:
        case BlockOperation::Step::BlockDiscard: return run_range_step(file, operation);
        case BlockOperation::Step::Nothing: return 0;
    }
    return -EINVAL;
}

}  // namespace

Result<std::unique_ptr<BlockEngine>> SyncEngine::create(FileAccess& file) {
    return std::unique_ptr<BlockEngine>(new SyncEngine(file, SISKIN_TRY(EventFd::create())));
}

Result<> SyncEngine::attach(IoLoop& loop) {
    return loop.add(submitted_.get(), *this);
}

void SyncEngine::detach(IoLoop& loop) {
    loop.remove(submitted_.get(), *this);
}

void SyncEngine::submit(BlockOperation& operation) {
    if (!file_.unmap) {
        operation.forbid_unmap();
    }
    queue(operation);
}

void SyncEngine::queue(BlockOperation& operation) {
    if (waiting_.empty()) {
        submitted_.signal();
    }
    waiting_.push(operation);
}

void SyncEngine::on_ready() {
    [[maybe_unused]] const auto count = submitted_.take();
    // What is submitted from complete() has its own signal and turn.
    BlockOperationList now = std::exchange(waiting_, BlockOperationList());
    while (BlockOperation* const operation = now.pop()) {
        bool finished = operation->advance(run_step(file_, *operation), file_.readable_end);
        // Zeroes and discards may come in very many pieces; between two, others have their turn.
        while (!finished && operation->length() == 0) {
            finished = operation->advance(run_step(file_, *operation), file_.readable_end);
        }
        if (finished) {
            operation->complete(operation->error());
        } else {
            queue(*operation);
        }
    }
}

}  // namespace siskin
