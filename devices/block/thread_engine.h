// SPDX-License-Identifier: Apache-2.0
// ThreadEngine: I/O by preadv, pwritev and fdatasync on threads of its own.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <utility>

#include "base/fd.h"
#include "base/loop/io_thread.h"
#include "base/loop/pointer_queue.h"
#include "devices/block/block_node.h"
#include "devices/block/bounce_buffers.h"
#include "devices/block/file_access.h"

namespace siskin {

// For hosts without io_uring, and `aio=threads`. A thread does one step of one operation at a time,
// then the loop's thread decides what is next; so a slow host holds up nobody but its own requests.
// One thread does the syncs: an error that Linux tells one caller only is seen by all that come
// behind.
class ThreadEngine final : public BlockEngine, private IoSource {
public:
    static constexpr std::size_t kTransferThreads = 3;
    // Operations that a thread has been given; the others wait on the loop's thread.
    static constexpr std::size_t kGivenMax = 64;

    [[nodiscard]] static Result<std::unique_ptr<BlockEngine>> create(FileAccess& file);
    ~ThreadEngine() override;
    ThreadEngine(const ThreadEngine&) = delete;
    ThreadEngine& operator=(const ThreadEngine&) = delete;

    [[nodiscard]] Result<> attach(IoLoop& loop) override;
    void detach(IoLoop& loop) override;
    void submit(BlockOperation& operation) override;
    [[nodiscard]] std::string_view name() const override { return "threads"; }

private:
    // A thread and what it was given. Thread: its own, but for what creates it and gives to it.
    class Worker final : private IoSource {
    public:
        Worker(ThreadEngine& engine, EventFd wake_up, std::unique_ptr<IoThread> thread)
            : engine_(engine), wake_up_(std::move(wake_up)), thread_(std::move(thread)) {}
        ~Worker() override;
        Worker(const Worker&) = delete;
        Worker& operator=(const Worker&) = delete;
        [[nodiscard]] Result<> start();
        void give(BlockOperation& operation);

        std::size_t load = 0;  // operations given and not come back; the engine's thread

    private:
        void on_ready() override;

        ThreadEngine& engine_;
        EventFd wake_up_;
        PointerQueue given_{kGivenMax};
        std::unique_ptr<IoThread> thread_;
    };

    ThreadEngine(FileAccess& file, BounceBuffers bounce, EventFd done);
    [[nodiscard]] Result<> start_workers();
    [[nodiscard]] std::size_t worker_for(const BlockOperation& operation) const;
    void queue(BlockOperation& operation);
    void give_waiting(BlockOperationList& list);
    void on_ready() override;

    FileAccess& file_;
    BounceBuffers bounce_;
    EventFd done_event_;
    PointerQueue done_{(1 + kTransferThreads) * kGivenMax};
    BlockOperationList transfers_waiting_;
    BlockOperationList syncs_waiting_;
    // The first does the syncs.
    std::array<std::unique_ptr<Worker>, 1 + kTransferThreads> workers_;
};

}  // namespace siskin
