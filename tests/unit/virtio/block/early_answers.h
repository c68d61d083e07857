// SPDX-License-Identifier: Apache-2.0
// EarlyAnswers: a block node with a fault: it says that a write is done, and then does it.
#pragma once

#include <cstdint>
#include <cstring>
#include <list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "devices/block/block_node.h"
#include "tests/harness/node_over.h"

namespace siskin::test {

// All else is the node's below.
class EarlyAnswers final : public NodeOver {
public:
    using NodeOver::NodeOver;

    Result<std::unique_ptr<BlockEngine>> create_engine(std::size_t operations_max) override {
        auto engine = SISKIN_TRY(child().create_engine(operations_max));
        return std::unique_ptr<BlockEngine>(std::make_unique<Engine>(std::move(engine)));
    }

private:
    // A write with bytes of its own.
    class Copy final : public BlockOperation {
    public:
        explicit Copy(const BlockOperation& write) : bytes_(write.size_left()) {
            std::size_t at = 0;
            for (const iovec& buffer : write.buffers()) {
                std::memcpy(bytes_.data() + at, buffer.iov_base, buffer.iov_len);
                at += buffer.iov_len;
            }
            buffer_ = iovec{bytes_.data(), at};
            prepare_write(write.offset(), std::span(&buffer_, 1), write.durable());
        }
        void complete(int) override {}

    private:
        std::vector<char> bytes_;
        iovec buffer_{};
    };

    class Engine final : public BlockEngine, private IoSource {
    public:
        explicit Engine(std::unique_ptr<BlockEngine> child) : child_(std::move(child)) {}

        Result<> attach(IoLoop& loop) override {
            SISKIN_TRY(loop.add(wake_up_.get(), *this));
            return child_->attach(loop);
        }
        void detach(IoLoop& loop) override {
            child_->detach(loop);
            loop.remove(wake_up_.get(), *this);
        }
        void submit(BlockOperation& operation) override {
            if (operation.kind() != BlockOperation::Kind::Write) {
                child_->submit(operation);
                return;
            }
            writes_.push_back(&operation);
            wake_up_.signal();
        }
        std::string_view name() const override { return "early"; }

    private:
        void on_ready() override {
            [[maybe_unused]] const auto count = wake_up_.take();
            for (BlockOperation* const write : std::exchange(writes_, {})) {
                Copy& copy = copies_.emplace_back(*write);
                write->complete(0);
                child_->submit(copy);
            }
        }

        std::unique_ptr<BlockEngine> child_;
        EventFd wake_up_ = *EventFd::create();
        std::vector<BlockOperation*> writes_;
        std::list<Copy> copies_;  // kept: a test is short
    };
};

}  // namespace siskin::test
