// SPDX-License-Identifier: Apache-2.0
// BlockOperation: one request to a block node, from its submission to its completion.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <sys/uio.h>

namespace siskin {

// Owned by who submits it, and left alone by him until complete(). Engines drive it: do what
// step_kind() says with buffers() at offset(), and hand the result to advance(). So every engine
// treats short transfers, interruptions and the order "write, then sync" alike, and no engine
// allocates. Thread: the engine's.
class BlockOperation {
public:
    enum class Kind { Read, Write, Flush, Discard, WriteZeroes };
    enum class Step {
        Read,
        Write,
        Sync,
        PunchHole,     // fallocate(2): zeroes that take no room, length() bytes
        ZeroRange,     // fallocate(2): zeroes that keep their room, length() bytes
        BlockDiscard,  // ioctl BLKDISCARD of length() bytes; the result is length() or an error
        Nothing,       // the result is 0
    };
    // A host that reports EINTR or EAGAIN this often without any progress has failed.
    static constexpr unsigned kRetriesMax = 64;
    // What one system call takes (UIO_MAXIOV).
    static constexpr std::size_t kBuffersPerCallMax = 1024;
    // Zeroes in one write, where the host has no quicker way; all operations share the buffer.
    static constexpr std::uint64_t kZeroPieceMax = 256 * 1024;
    // What one BLKDISCARD takes: it runs on the engine's thread.
    static constexpr std::uint64_t kDiscardPieceMax = 64 * 1024 * 1024;

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
    // The range's content is no longer needed; it may stay as it is. A host that cannot discard
    // does nothing, which is no error. `size` is not 0.
    void prepare_discard(std::uint64_t offset, std::uint64_t size);
    // The range reads as zeroes afterwards. `may_unmap`: its room may be given back to the host.
    // Without a quicker way zeroes are written in pieces. `size` is not 0.
    void prepare_write_zeroes(std::uint64_t offset, std::uint64_t size, bool may_unmap,
                              bool durable);

    // After complete() with an error: submitted again, it goes on at the step that failed.
    void prepare_again();

    // For engines and filters. What was prepared, until a step is done:
    [[nodiscard]] Kind kind() const { return kind_; }
    [[nodiscard]] bool durable() const { return durable_; }
    [[nodiscard]] bool may_unmap() const { return may_unmap_; }
    // Before the first step: the host's room is not given back (`discard=ignore`). A discard does
    // nothing then.
    void forbid_unmap();
    // Of a write, at a step that writes: what is left in its buffers are zeroes, which need not be
    // read any more.
    void turn_into_zeroes(bool may_unmap);
    // Before the first step: the node below begins `by` bytes earlier. At the end offset() is the
    // submitter's again, who may submit the rest once more.
    void shift(std::uint64_t by) {
        offset_ += by;
        shift_ += by;
    }

    // Of whoever hands it back before it was begun: offset() is the submitter's again.
    void unshift() { offset_ -= std::exchange(shift_, 0); }

    // Bytes that are not done yet.
    [[nodiscard]] std::uint64_t size_left() const;

    [[nodiscard]] Step step() const { return step_; }
    [[nodiscard]] std::uint64_t offset() const { return offset_; }
    // Bytes of Discard and WriteZeroes that are not done yet, as far as one step goes.
    [[nodiscard]] std::uint64_t length() const {
        return step_ == Step::BlockDiscard && length_ > kDiscardPieceMax ? kDiscardPieceMax
                                                                         : length_;
    }
    // All that is left of them, and as many as one step takes.
    [[nodiscard]] std::span<const iovec> buffers_left() const { return buffers_; }
    [[nodiscard]] std::span<iovec> buffers() const {
        return buffers_.first(buffers_.size() < kBuffersPerCallMax ? buffers_.size()
                                                                   : kBuffersPerCallMax);
    }
    // The result of one system call: bytes, or minus errno. True: finished, with error(). False: do
    // the next step. Reads at or behind `readable_end` bring zeroes: the file ends inside the last
    // sector there.
    [[nodiscard]] bool advance(std::int64_t result, std::uint64_t readable_end);
    [[nodiscard]] int error() const { return error_; }

    // For the engine that holds it.
    BlockOperation* next = nullptr;   // of its list
    std::uint64_t held_since_ns = 0;  // of a limiter
    iovec bounce{};                   // the buffer that stands in for those of the guest, if any
    std::int64_t step_result = 0;     // of a step that another thread did
    std::size_t worker = 0;           // that thread

private:
    [[nodiscard]] bool finish(int error_number);
    [[nodiscard]] bool finish_with_zeroes();
    [[nodiscard]] bool finish_or_sync();
    [[nodiscard]] bool try_another_way();
    [[nodiscard]] bool advance_range(std::uint64_t done);
    void consume(std::uint64_t size);
    void point_at_zeroes();

    Kind kind_ = Kind::Read;
    Step step_ = Step::Read;
    bool durable_ = false;
    bool may_unmap_ = false;
    unsigned retries_ = 0;
    int error_ = 0;
    std::uint64_t offset_ = 0;
    std::uint64_t shift_ = 0;
    std::uint64_t length_ = 0;  // of Discard and WriteZeroes
    iovec zeroes_{};            // of WriteZeroes that writes
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
