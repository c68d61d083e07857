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
        while (!operation->advance(run_step(file_, *operation), file_.readable_end)) {
        }
        operation->complete(operation->error());
    }
}

}  // namespace siskin
