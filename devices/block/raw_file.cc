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
#include "devices/block/direct_io.h"
#include "devices/block/image_lock.h"
#include "devices/block/thread_engine.h"
#include "devices/block/uring_engine.h"

namespace siskin {
namespace {

constexpr std::uint32_t kSectorSize = 512;

struct Geometry {
    std::uint64_t size = 0;
    std::uint32_t block_size = kSectorSize;
    std::uint32_t discard_granularity = 0;
};

Result<Geometry> geometry_of(const Fd& file, const std::string& path, RawFileKind kind) {
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) {
        return fail_errno(concat("could not examine '", path, "'"), errno);
    }
    if (S_ISDIR(status.st_mode)) {
        return fail(concat("Could not open '", path, "': Is a directory"));
    }
    if (kind == RawFileKind::RegularFile && !S_ISREG(status.st_mode)) {
        return fail(concat("'file' driver requires '", path, "' to be a regular file"));
    }
    if (kind == RawFileKind::BlockDevice && !S_ISBLK(status.st_mode)) {
        return fail(concat("'host_device' driver requires '", path, "' to be a block device"));
    }
    Geometry geometry;
    if (kind == RawFileKind::RegularFile) {
        geometry.size = static_cast<std::uint64_t>(status.st_size);
        geometry.discard_granularity = static_cast<std::uint32_t>(status.st_blksize);
    } else {
        int block_size = 0;
        if (::ioctl(file.get(), BLKGETSIZE64, &geometry.size) != 0 ||
            ::ioctl(file.get(), BLKSSZGET, &block_size) != 0) {
            return fail_errno(concat("could not get the size of '", path, "'"), errno);
        }
        geometry.block_size = static_cast<std::uint32_t>(block_size);
        geometry.discard_granularity = geometry.block_size;
    }
    if (geometry.size == 0) {
        return fail(concat("disk image '", path, "' is empty (0 bytes)"));
    }
    return geometry;
}

}  // namespace

Result<std::unique_ptr<RawFile>> RawFile::open(const RawFileOptions& given) {
    RawFileOptions options = given;
    if (options.fixed_buffers && (!options.direct || options.aio != BlockAio::Uring)) {
        return fail("x-siskin-fixed-buffers is on, allowed with cache.direct=on and aio=io_uring");
    }
    // O_NONBLOCK: opening a FIFO must not wait for its other end.
    int flags = (options.read_only ? O_RDONLY : O_RDWR) | O_NONBLOCK | O_NOCTTY;
    Fd file = open_user_file(options.path, flags);
    if (!file.valid() && options.auto_read_only && !options.read_only &&
        (errno == EACCES || errno == EROFS || errno == EPERM)) {
        options.read_only = true;
        flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
        file = open_user_file(options.path, flags);
    }
    const std::string path = printable(options.path, PATH_MAX);
    if (!file.valid()) {
        return fail_errno(concat("Could not open '", path, "'"), errno);
    }
    const Geometry geometry = SISKIN_TRY(geometry_of(file, path, options.kind));
    // Not O_NONBLOCK: io_uring would hand EAGAIN to a request that cannot be served at once.
    const int then = (flags & ~O_NONBLOCK) | (options.direct ? O_DIRECT : 0);
    if (::fcntl(file.get(), F_SETFL, then) != 0) {
        return fail_errno(options.direct ? concat("could not use '", path, "' with cache.direct=on")
                                         : concat("could not set up '", path, "'"),
                          errno);
    }
    DirectAlignment direct;
    if (options.direct) {
        direct = SISKIN_TRY(find_direct_alignment(file, path));
    }
    const BlockNodeLimits limits{options.unmap && !options.read_only, geometry.discard_granularity,
                                 direct.request};
    std::unique_ptr<RawFile> node(
        new RawFile(options, std::move(file), geometry.size, geometry.block_size, limits));
    node->access_.direct = direct;
    return node;
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
    access_.no_flush = options.no_flush;
    access_.fixed_buffers = options.fixed_buffers;
}

Result<> RawFile::resize(ByteCount size) {
    if (options_.read_only) {
        return fail(concat("block node '", options_.node_name, "' is read-only"));
    }
    if (options_.direct && size.value() % limits_.request_alignment != 0) {
        return fail(concat("size is ", size.value(), ", allowed is a multiple of ",
                           limits_.request_alignment, ", the unit of node '", options_.node_name,
                           "' with cache.direct=on"));
    }
    if (options_.kind == RawFileKind::RegularFile) {
        if (::ftruncate(access_.file.get(), static_cast<off_t>(size.value())) != 0) {
            return fail_errno(concat("could not resize '", options_.path, "'"), errno);
        }
    } else {
        // A device of the host has its size; a part of it may be used (QEMU, too).
        const std::uint64_t now =
            SISKIN_TRY(geometry_of(access_.file, options_.path, options_.kind)).size;
        if (size.value() > now) {
            return fail(concat("block node '", options_.node_name, "' cannot have ", size.value(),
                               " bytes, the host's device has ", now));
        }
    }
    access_.readable_end = size.value();
    capacity_ = ByteCount{align_up(size.value(), kSectorSize)};
    return {};
}

Result<> RawFile::change_use(std::optional<ImageUse> use) {
    if (options_.locking == ImageLocking::Off) {
        return {};
    }
    const LockNeed need =
        options_.locking == ImageLocking::On ? LockNeed::Always : LockNeed::IfPossible;
    if (!use) {
        unlock_image(access_.file);
    } else if (auto locked = lock_image(access_.file, options_.path, *use, need); !locked) {
        // What was held before can be held again: nobody else got it in this instant, or the
        // first claim to fail says so.
        if (use_) {
            SISKIN_TRY(lock_image(access_.file, options_.path, *use_, need));
        }
        return locked;
    }
    use_ = use;
    return {};
}

Result<std::unique_ptr<BlockEngine>> RawFile::make_engine(std::size_t operations_max) {
    if (options_.aio == BlockAio::Uring) {
        UringUnavailable unavailable;
        auto engine = SISKIN_TRY_IN(concat("block node '", options_.node_name, "'"),
                                    UringEngine::create(access_, operations_max, unavailable));
        if (engine != nullptr) {
            return engine;
        }
        log::warning(concat("block node '", options_.node_name, "': no io_uring (",
                            errno_text(unavailable.error_number),
                            "), using system calls of threads instead"));
    }
    return SISKIN_TRY_IN(concat("block node '", options_.node_name, "'"),
                         ThreadEngine::create(access_));
}

}  // namespace siskin
