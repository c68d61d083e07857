// SPDX-License-Identifier: Apache-2.0
// BlockNode: a disk on the host's side; BlockEngine: the way one thread does I/O on it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/loop/io_loop.h"
#include "base/memory/guest_memory.h"
#include "base/result.h"
#include "base/units.h"
#include "devices/block/block_operation.h"
#include "devices/block/image_lock.h"

namespace siskin {

// Who submits operations to an engine that can lose its disk and find it again.
class BlockEngineListener {
public:
    virtual ~BlockEngineListener() = default;
    // is_available() is another now. Where it became false: what is in flight completes with kLost
    // right after this. Where it became true, operations may be submitted in here.
    virtual void on_availability_changed() = 0;
};

// Thread: created anywhere; attach() to detach() on the loop's thread.
class BlockEngine {
public:
    // What an operation completes with that was not carried out, or perhaps was: to be submitted
    // again, as it is, once the engine is available. No errno value.
    static constexpr int kLost = -1;

    virtual ~BlockEngine() = default;

    [[nodiscard]] virtual Result<> attach(IoLoop& loop) = 0;
    // Nothing is in flight.
    virtual void detach(IoLoop& loop) = 0;
    // Begins the operation; it completes in a later call from the loop, never inside this one. The
    // range lies inside the node's capacity.
    virtual void submit(BlockOperation& operation) = 0;
    // Somebody waits for what is in flight: what waits for a limit is begun now, and a disk that
    // does not answer is given up after a while: its operations complete with kLost.
    virtual void release_held() {}
    // The same, but what waits for a limit is not begun: it completes with kLost, in here.
    virtual void hand_back_held() { release_held(); }
    // False: nothing is to be submitted until the listener is called.
    [[nodiscard]] virtual bool is_available() const { return true; }
    // Null: none. Before attach().
    virtual void set_listener(BlockEngineListener*) {}
    // Where buffers mostly are: an engine may have the host pin it, and keeps it then. Before
    // attach().
    virtual void lend_memory(const std::shared_ptr<const GuestMemory>&) {}
    // "io_uring" or "threads": what `aio` says is in use.
    [[nodiscard]] virtual std::string_view name() const = 0;
};

// What a node can do besides reading and writing.
struct BlockNodeLimits {
    // Discards and zeroes that may unmap give room back to the host; without it a discard succeeds
    // and does nothing.
    bool unmap = false;
    // The unit in which the host gives room back, in bytes; 0: not known.
    std::uint32_t discard_granularity = 0;
    // Offsets and sizes of requests are multiples of this, a power of two.
    std::uint32_t request_alignment = 1;
    // Engines on several threads at a time would not see each other's flushes.
    bool one_engine = false;
};

// Thread: VM loop, under MachineLock; const members any thread; resize() as it says.
class BlockNode {
public:
    virtual ~BlockNode() = default;

    // Its node-name.
    [[nodiscard]] virtual const std::string& name() const = 0;
    // A multiple of 512 bytes.
    [[nodiscard]] virtual ByteCount capacity() const = 0;
    [[nodiscard]] virtual bool read_only() const = 0;
    // The smallest unit the host handles well, in bytes.
    [[nodiscard]] virtual std::uint32_t block_size() const = 0;
    [[nodiscard]] virtual BlockNodeLimits limits() const { return {}; }
    // Changes the capacity to `size`, rounded up to 512 bytes. Nothing is in flight, and the caller
    // sees to it that no other thread looks at the node meanwhile. Errors: it is read-only, has a
    // size that cannot be changed, or the host refuses.
    [[nodiscard]] virtual Result<> resize(ByteCount size);
    // A device begins to use the node, alone. Errors: another device has it, another process uses
    // the image in a way that excludes ours.
    [[nodiscard]] virtual Result<> claim(ImageUse use) = 0;
    // The device has gone.
    virtual void release() = 0;
    // An engine for one thread with at most `operations_max` in flight. The node outlives it, and
    // may have several at work at the same time, unless limits() says otherwise.
    [[nodiscard]] virtual Result<std::unique_ptr<BlockEngine>> create_engine(
        std::size_t operations_max) = 0;
};

inline Result<> BlockNode::resize(ByteCount) {
    return fail("the size of block node '" + name() + "' cannot be changed");
}

}  // namespace siskin
