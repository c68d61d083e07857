// SPDX-License-Identifier: Apache-2.0
// BlockOperation: one read, write or flush of a block node, from submission to completion.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <sys/uio.h>

namespace siskin {

// Owned by who submits it, and left alone by him until complete(). Engines drive it: do what
// step_kind() says with buffers() at offset(), and hand the result to advance(). So every engine
// treats short transfers, interruptions and the order "write, then sync" alike, and no engine
// allocates. Thread: the engine's.
class BlockOperation {
public:
    enum class Step { Read, Write, Sync };
    // A host that reports EINTR or EAGAIN this often without any progress has failed.
    static constexpr unsigned kRetriesMax = 64;
    // What one system call takes (UIO_MAXIOV).
    static constexpr std::size_t kBuffersPerCallMax = 1024;

    virtual ~BlockOperation() = default;

    // Called once. 0: everything was transferred, and is durable where that was asked for.
    // Otherwise an errno value.
    virtual void complete(int error_number) = 0;

    // The buffers are changed on the way. `offset` is in bytes.
    void prepare_read(std::uint64_t offset, std::span<iovec> buffers);
    // `durable`: completes only when it would survive a crash of the host.
    void prepare_write(std::uint64_t offset, std::span<iovec> buffers, bool durable);
    // Makes durable whatever completed before it was submitted.
    void prepare_flush();

    // For engines.
    [[nodiscard]] Step step() const { return step_; }
    [[nodiscard]] std::uint64_t offset() const { return offset_; }
    [[nodiscard]] std::span<iovec> buffers() const {
        return buffers_.first(buffers_.size() < kBuffersPerCallMax ? buffers_.size()
                                                                   : kBuffersPerCallMax);
    }
    // The result of one system call: bytes, or minus errno. True: finished, with error(). False: do
    // the next step. Reads at or behind `readable_end` bring zeroes: the file ends inside the last
    // sector there.
    [[nodiscard]] bool advance(std::int64_t result, std::uint64_t readable_end);
    [[nodiscard]] int error() const { return error_; }

    BlockOperation* next = nullptr;  // for the list of the engine that holds it

private:
    [[nodiscard]] bool finish(int error_number);
    void consume(std::uint64_t size);

    Step step_ = Step::Read;
    bool durable_ = false;
    unsigned retries_ = 0;
    int error_ = 0;
    std::uint64_t offset_ = 0;
    std::span<iovec> buffers_;
};

// A first-in, first-out list through BlockOperation::next.
class BlockOperationList {
public:
    [[nodiscard]] bool empty() const { return first_ == nullptr; }
    // Null when empty.
    [[nodiscard]] BlockOperation* front() const { return first_; }
    void push(BlockOperation& operation);
    // Null when empty.
    [[nodiscard]] BlockOperation* pop();

private:
    BlockOperation* first_ = nullptr;
    BlockOperation* last_ = nullptr;
};

}  // namespace siskin
