// SPDX-License-Identifier: Apache-2.0
// RawFile.
#include "devices/block/raw_file.h"

#include <cerrno>
#include <climits>
#include <limits>
#include <utility>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "base/bits.h"
#include "base/fd_sets.h"
#include "base/log.h"
#include "base/text.h"
#include "devices/block/image_lock.h"
#include "devices/block/sync_engine.h"
#include "devices/block/uring_engine.h"

namespace siskin {
namespace {

constexpr std::uint32_t kSectorSize = 512;

struct Geometry {
    std::uint64_t size = 0;
    std::uint32_t block_size = kSectorSize;
    std::uint32_t discard_granularity = 0;
};

Result<Geometry> geometry_of(const Fd& file, const std::string& path) {
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) {
        return fail_errno(concat("could not examine '", path, "'"), errno);
    }
    if (S_ISDIR(status.st_mode)) {
        return fail(concat("'", path, "' is a directory, not a disk image"));
    }
    Geometry geometry;
    if (S_ISREG(status.st_mode)) {
        geometry.size = static_cast<std::uint64_t>(status.st_size);
        geometry.discard_granularity = static_cast<std::uint32_t>(status.st_blksize);
    } else if (S_ISBLK(status.st_mode)) {
        int block_size = 0;
        if (::ioctl(file.get(), BLKGETSIZE64, &geometry.size) != 0 ||
            ::ioctl(file.get(), BLKSSZGET, &block_size) != 0) {
            return fail_errno(concat("could not get the size of '", path, "'"), errno);
        }
        geometry.block_size = static_cast<std::uint32_t>(block_size);
        geometry.discard_granularity = geometry.block_size;
    } else {
        return fail(concat("'", path, "' is neither a regular file nor a block device"));
    }
    if (geometry.size == 0) {
        return fail(concat("disk image '", path, "' is empty (0 bytes)"));
    }
    return geometry;
}

}  // namespace

Result<std::unique_ptr<RawFile>> RawFile::open(const RawFileOptions& options) {
    // O_NONBLOCK: opening a FIFO must not wait for its other end.
    const int flags = (options.read_only ? O_RDONLY : O_RDWR) | O_NONBLOCK | O_NOCTTY;
    Fd file = open_user_file(options.path, flags);
    if (!file.valid()) {
        return fail_errno(concat("could not open '", printable(options.path, PATH_MAX), "'"),
                          errno);
    }
    const Geometry geometry = SISKIN_TRY(geometry_of(file, options.path));
    // io_uring would hand EAGAIN to a request that cannot be served at once, instead of waiting.
    if (::fcntl(file.get(), F_SETFL, flags & ~O_NONBLOCK) != 0) {
        return fail_errno(concat("could not set up '", options.path, "'"), errno);
    }
    return std::unique_ptr<RawFile>(new RawFile(
        options, std::move(file), geometry.size, geometry.block_size,
        BlockNodeLimits{options.unmap && !options.read_only, geometry.discard_granularity}));
}

RawFile::RawFile(const RawFileOptions& options, Fd file, std::uint64_t size,
                 std::uint32_t block_size, BlockNodeLimits limits)
    : options_(options),
      capacity_(align_up(size, kSectorSize)),
      block_size_(block_size),
      limits_(limits) {
    access_.file = std::move(file);
    access_.readable_end = size;
    access_.unmap = limits.unmap;
}

Result<> RawFile::resize(ByteCount size) {
    if (options_.read_only) {
        return fail(concat("block node '", options_.node_name, "' is read-only"));
    }
    struct stat status {};
    if (::fstat(access_.file.get(), &status) != 0) {
        return fail_errno(concat("could not examine '", options_.path, "'"), errno);
    }
    std::uint64_t now = size.value();
    if (S_ISREG(status.st_mode)) {
        if (::ftruncate(access_.file.get(), static_cast<off_t>(size.value())) != 0) {
            return fail_errno(concat("could not resize '", options_.path, "'"), errno);
        }
    } else {
        // A device of the host has its size; a part of it may be used (QEMU, too).
        now = SISKIN_TRY(geometry_of(access_.file, options_.path)).size;
        if (size.value() > now) {
            return fail(concat("block node '", options_.node_name, "' cannot have ", size.value(),
                               " bytes, the host's device has ", now));
        }
        now = size.value();
    }
    access_.readable_end = now;
    capacity_ = ByteCount{align_up(now, kSectorSize)};
    return {};
}

Result<> RawFile::claim(ImageUse use) {
    if (claimed_) {
        return fail(
            concat("block node '", options_.node_name, "' is already in use by another device"));
    }
    if (options_.locking) {
        SISKIN_TRY(lock_image(access_.file, options_.path, use));
    }
    claimed_ = true;
    return {};
}

void RawFile::release() {
    claimed_ = false;
    unlock_image(access_.file);
}

Result<std::unique_ptr<BlockEngine>> RawFile::create_engine(std::size_t operations_max) {
    if (options_.aio == BlockAio::Uring) {
        UringUnavailable unavailable;
        auto engine = SISKIN_TRY_IN(concat("block node '", options_.node_name, "'"),
                                    UringEngine::create(access_, operations_max, unavailable));
        if (engine != nullptr) {
            return engine;
        }
        log::warning(concat("block node '", options_.node_name, "': no io_uring (",
                            errno_text(unavailable.error_number),
                            "), using system calls on the I/O thread instead"));
    }
    return SyncEngine::create(access_);
}

}  // namespace siskin
