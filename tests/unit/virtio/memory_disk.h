// SPDX-License-Identifier: Apache-2.0
// MemoryDisk: a BlockNode in memory that can be held up, made to fail, and asked what it did.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "devices/block/block_node.h"

namespace siskin {

// Operations wait while `held`; each is logged when it is carried out. The control
// functions are for the test's thread, the engine for the loop's.
class MemoryDisk final : public BlockNode {
public:
    struct Entry {
        BlockOperation::Step step;
        std::uint64_t offset;
        std::uint64_t size;

        friend bool operator==(const Entry&, const Entry&) = default;
    };

    explicit MemoryDisk(std::uint64_t size, bool read_only = false)
        : bytes(size), read_only_(read_only) {}

    const std::string& name() const override { return name_; }
    ByteCount capacity() const override { return ByteCount{bytes.size()}; }
    bool read_only() const override { return read_only_; }
    std::uint32_t block_size() const override { return 512; }
    Result<> claim(ImageUse) override {
        if (claimed) {
            return fail("in use");
        }
        claimed = true;
        return {};
    }
    void release() override { claimed = false; }
    Result<> resize(ByteCount size) override {
        if (refuse_resize) {
            return fail("no resize");
        }
        bytes.resize(size.value());
        return {};
    }
    BlockNodeLimits limits() const override { return BlockNodeLimits{unmap, 512, 1, one_engine}; }
    Result<std::unique_ptr<BlockEngine>> create_engine(std::size_t) override {
        if (refuse_engine) {
            return fail("no engine");
        }
        return std::unique_ptr<BlockEngine>(std::make_unique<Engine>(*this));
    }

    // From now on operations wait, but for `allowed` of them.
    void hold() { allowed_ = 0; }
    void let_go(std::int64_t count = kUnlimited) {
        allowed_ = count;
        const std::lock_guard hold_lock(mutex_);
        for (const Engine* const engine : engines_) {
            engine->event.signal();
        }
    }
    // What waits is given up: it is handed back (BlockEngine::kLost).
    void hand_back() {
        hand_back_due_ = true;
        let_go(0);
    }
    // How many wait now.
    std::size_t waiting() const { return waiting_count_; }
    // The operation number `index`, counted from 0, fails with this errno.
    void fail_operation(unsigned index, int error_number) {
        const std::lock_guard hold_lock(mutex_);
        failures_[index] = error_number;
    }
    std::vector<Entry> log() const {
        const std::lock_guard hold_lock(mutex_);
        return log_;
    }
    std::size_t log_size() const {
        const std::lock_guard hold_lock(mutex_);
        return log_.size();
    }

    std::vector<std::uint8_t> bytes;
    std::atomic<bool> refuse_attach{false};
    std::atomic<unsigned> releases{0};  // calls of release_held(), so pauses and resizes
    bool refuse_engine = false;
    bool one_engine = false;
    bool claimed = false;
    bool unmap = false;
    bool refuse_resize = false;
    std::uint64_t transfer_max = ~std::uint64_t{0};  // bytes that one step reads or writes

private:
    static constexpr std::int64_t kUnlimited = INT64_MAX / 2;

    class Engine final : public BlockEngine, private IoSource {
    public:
        explicit Engine(MemoryDisk& disk) : disk_(disk) {
            const std::lock_guard hold_lock(disk_.mutex_);
            disk_.engines_.push_back(this);
        }
        ~Engine() override {
            const std::lock_guard hold_lock(disk_.mutex_);
            std::erase(disk_.engines_, this);
        }
        Engine(const Engine&) = delete;
        Engine& operator=(const Engine&) = delete;
        Result<> attach(IoLoop& loop) override {
            if (disk_.refuse_attach) {
                return fail("no attach");
            }
            return loop.add(event.get(), *this);
        }
        void detach(IoLoop& loop) override { loop.remove(event.get(), *this); }
        void submit(BlockOperation& operation) override {
            if (!disk_.unmap) {
                operation.forbid_unmap();
            }
            waiting_.push(operation);
            ++disk_.waiting_count_;
            event.signal();
        }
        void release_held() override { ++disk_.releases; }
        std::string_view name() const override { return "memory"; }

        EventFd event = *EventFd::create();

    private:
        void on_ready() override {
            [[maybe_unused]] const auto count = event.take();
            while (!waiting_.empty() && disk_.hand_back_due_) {
                --disk_.waiting_count_;
                waiting_.pop()->complete(kLost);
            }
            disk_.hand_back_due_ = false;
            while (!waiting_.empty() && disk_.allowed_ > 0) {
                --disk_.allowed_;
                --disk_.waiting_count_;
                disk_.carry_out(*waiting_.pop());
            }
        }

        MemoryDisk& disk_;
        BlockOperationList waiting_;
    };

    void carry_out(BlockOperation& operation) {
        int failure = 0;
        do {
            std::uint64_t size = 0;
            for (const iovec& buffer : operation.buffers()) {
                size += buffer.iov_len;
            }
            {
                const std::lock_guard hold_lock(mutex_);
                const auto found = failures_.find(static_cast<unsigned>(log_.size()));
                failure = found == failures_.end() ? 0 : found->second;
                size += operation.step() == BlockOperation::Step::Write ? 0 : operation.length();
                log_.push_back(Entry{operation.step(), operation.offset(), size});
            }
            const std::int64_t result = failure != 0 ? -failure : carry_out_step(operation);
            if (operation.advance(result, bytes.size())) {
                break;
            }
        } while (true);
        operation.complete(operation.error());
    }
    // Bytes that were moved, or that a range has: as a host would tell.
    std::int64_t carry_out_step(BlockOperation& operation) {
        using Step = BlockOperation::Step;
        const std::uint64_t room = bytes.size() - std::min(operation.offset(), bytes.size());
        if (operation.step() != Step::Read && operation.step() != Step::Write) {
            const std::uint64_t size = std::min(operation.length(), room);
            if (operation.step() != Step::Nothing && size != 0) {
                std::memset(bytes.data() + operation.offset(), 0, size);
            }
            return static_cast<std::int64_t>(operation.length());
        }
        std::uint64_t moved = 0;
        for (const iovec& buffer : operation.buffers()) {
            const std::uint64_t size =
                std::min(std::min(room, transfer_max) - moved, std::uint64_t{buffer.iov_len});
            if (size == 0) {
                break;
            }
            std::uint8_t* const at = bytes.data() + operation.offset() + moved;
            if (operation.step() == Step::Read) {
                std::memcpy(buffer.iov_base, at, size);
            } else {
                std::memcpy(at, buffer.iov_base, size);
            }
            moved += size;
        }
        return static_cast<std::int64_t>(moved);
    }

    std::string name_ = "disk0";
    bool read_only_;
    std::atomic<std::int64_t> allowed_{kUnlimited};
    std::atomic<bool> hand_back_due_{false};
    std::atomic<std::size_t> waiting_count_{0};
    mutable std::mutex mutex_;
    std::vector<Engine*> engines_;
    std::map<unsigned, int> failures_;
    std::vector<Entry> log_;
};

}  // namespace siskin
