// SPDX-License-Identifier: Apache-2.0
// Alignments of direct I/O, asked for or tried.
#include "devices/block/direct_io.h"

#include <algorithm>
#include <cerrno>
#include <optional>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/mapping.h"
#include "base/text.h"

namespace siskin {
namespace {

constexpr std::uint32_t kRequestMin = 512;
constexpr std::uint32_t kRequestMax = 64 * 1024;

tl::unexpected<Error> no_direct_io(const std::string& path) {
    return fail(concat("Could not open '", path, "': its file system does not support O_DIRECT"));
}

// Nothing where the kernel does not tell.
std::optional<DirectAlignment> told_by_kernel([[maybe_unused]] const Fd& file) {
#ifdef STATX_DIOALIGN
    struct statx status {};
    if (::statx(file.get(), "", AT_EMPTY_PATH, STATX_DIOALIGN, &status) == 0 &&
        (status.stx_mask & STATX_DIOALIGN) != 0) {
        return DirectAlignment{status.stx_dio_mem_align, status.stx_dio_offset_align};
    }
#endif
    return std::nullopt;
}

// The smallest read that works, at the file's begin and behind one of its kind.
std::optional<std::uint32_t> smallest_read(const Fd& file, std::byte* buffer) {
    for (std::uint32_t size = kRequestMin; size <= kRequestMax; size *= 2) {
        if (::pread(file.get(), buffer, size, static_cast<off_t>(size)) >= 0) {
            return size;
        }
    }
    return std::nullopt;
}

}  // namespace

Result<DirectAlignment> find_direct_alignment(const Fd& file, const std::string& path) {
    if (auto told = told_by_kernel(file)) {
        if (told->request == 0) {
            return no_direct_io(path);
        }
        told->request = std::max(told->request, kRequestMin);
        if (!is_power_of_two(told->request) || !is_power_of_two(told->memory) ||
            told->request > kRequestMax) {
            return no_direct_io(path);
        }
        return *told;
    }
    int sector_size = 0;
    if (::ioctl(file.get(), BLKSSZGET, &sector_size) == 0) {
        const auto unit = std::max(static_cast<std::uint32_t>(sector_size), kRequestMin);
        return DirectAlignment{unit, unit};
    }
    const Mapping buffer = SISKIN_TRY(Mapping::anonymous(kRequestMax));
    const auto unit = smallest_read(file, buffer.data());
    if (!unit) {
        return no_direct_io(path);
    }
    return DirectAlignment{*unit, *unit};
}

}  // namespace siskin
