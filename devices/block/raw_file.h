// SPDX-License-Identifier: Apache-2.0
// RawFile: a disk whose bytes are those of a file or a block device of the host.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "devices/block/file_access.h"
#include "devices/block/shared_node.h"

namespace siskin {

enum class BlockAio {
    Uring,    // io_uring, and Threads where the host has none
    Threads,  // system calls on threads of the engine
};

enum class RawFileKind { RegularFile, BlockDevice };

enum class ImageLocking {
    Auto,  // where the file system has locks
    On,    // or it is an error
    Off,
};

struct RawFileOptions {
    std::string node_name;
    std::string path;
    RawFileKind kind = RawFileKind::RegularFile;
    bool read_only = false;
    // Read-only where it cannot be opened for writing.
    bool auto_read_only = false;
    BlockAio aio = BlockAio::Uring;
    // Lock the image against other processes while somebody uses it.
    ImageLocking locking = ImageLocking::Auto;
    bool direct = false;    // O_DIRECT
    bool no_flush = false;  // flushes do nothing
    // Guest memory is pinned for as long as a disk has the node, and its pages need not be looked
    // up for each request. With direct I/O by io_uring only.
    bool fixed_buffers = false;
    // Give room back to the host where the guest discards (QEMU: discard=unmap).
    bool unmap = false;
};

// Nothing is probed: sector 0 of the guest is byte 0 of the file. The capacity is the file's size,
// rounded up to 512 bytes as QEMU does; what lies behind the end in the last sector reads as zeroes
// until it is written. Thread: VM loop.
class RawFile final : public SharedNode {
public:
    // Errors: the file cannot be opened, is not of that kind, is empty, or takes no direct I/O.
    // Locks are taken when somebody uses the node, as QEMU does.
    [[nodiscard]] static Result<std::unique_ptr<RawFile>> open(const RawFileOptions& options);

    [[nodiscard]] const std::string& name() const override { return options_.node_name; }
    [[nodiscard]] ByteCount capacity() const override { return capacity_; }
    [[nodiscard]] bool read_only() const override { return options_.read_only; }
    [[nodiscard]] std::uint32_t block_size() const override { return block_size_; }
    [[nodiscard]] BlockNodeLimits limits() const override { return limits_; }
    // With direct I/O a size is a multiple of limits().request_alignment.
    [[nodiscard]] Result<> resize(ByteCount size) override;

    [[nodiscard]] const RawFileOptions& options() const { return options_; }

private:
    RawFile(const RawFileOptions& options, Fd file, std::uint64_t size, std::uint32_t block_size,
            BlockNodeLimits limits);
    [[nodiscard]] Result<> change_use(std::optional<ImageUse> use) override;
    // Says in the log when io_uring was asked for and cannot be had.
    [[nodiscard]] Result<std::unique_ptr<BlockEngine>> make_engine(
        std::size_t operations_max) override;

    RawFileOptions options_;
    FileAccess access_;
    ByteCount capacity_;
    std::uint32_t block_size_;
    BlockNodeLimits limits_;
    std::optional<ImageUse> use_;
};

}  // namespace siskin
