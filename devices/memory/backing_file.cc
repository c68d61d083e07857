// SPDX-License-Identifier: Apache-2.0
// Files behind memory.
#include "devices/memory/backing_file.h"

#include <bit>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <utility>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/text.h"
#include "base/units.h"
#include "devices/memory/huge_pages.h"

namespace siskin {
namespace {

constexpr std::uint64_t kPage = 4 * kKiB;
constexpr unsigned kHugeSizeShift = 26;  // memfd_create(2): MFD_HUGE_SHIFT
constexpr unsigned kFileMode = 0600;     // what a guest has in memory is its owner's alone

// Growing past the limit would end the process by SIGXFSZ.
Result<> grow(const Fd& file, std::uint64_t size) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
        size > limit.rlim_cur) {
        return fail(concat("size is ", size, ", the limit on file sizes is ",
                           static_cast<std::uint64_t>(limit.rlim_cur),
                           " (RLIMIT_FSIZE, ulimit -f)"));
    }
    if (::ftruncate(file.get(), static_cast<off_t>(size)) != 0) {
        return fail_errno(concat("failed to resize the file to ", size), errno);
    }
    return {};
}

Result<> check_pages(std::uint64_t size, std::uint64_t page_size) {
    if (size % page_size != 0) {
        return fail(concat("size is ", size, ", allowed are multiples of its pages, ", page_size));
    }
    return {};
}

std::uint64_t page_size_of(const Fd& file) {
    struct statfs status {};
    const bool is_huge = ::fstatfs(file.get(), &status) == 0 && status.f_type == HUGETLBFS_MAGIC;
    return is_huge ? static_cast<std::uint64_t>(status.f_bsize) : kPage;
}

std::string shown(const MemoryBackendConfig& config) {
    return printable(config.mem_path, PATH_MAX);
}

Result<Fd> open_unnamed(const MemoryBackendConfig& config) {
    Fd file(::open(config.mem_path.c_str(), O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, kFileMode));
    if (!file.valid() && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT)) {
        std::string pattern = concat(config.mem_path, "/siskin_memory.XXXXXX");
        file = Fd(::mkostemp(pattern.data(), O_CLOEXEC));
        if (file.valid()) {
            ::unlink(pattern.c_str());
        }
    }
    if (!file.valid()) {
        return fail_errno(concat("can't create backing store in ", shown(config), " for guest RAM"),
                          errno);
    }
    return file;
}

// O_NONBLOCK: a FIFO is refused, not waited for.
Result<BackingFile> open_named(const MemoryBackendConfig& config) {
    const int access = (config.readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK;
    BackingFile out;
    Fd file(::open(config.mem_path.c_str(), access));
    if (!file.valid() && errno == ENOENT && !config.readonly) {
        file = Fd(::open(config.mem_path.c_str(), access | O_CREAT | O_EXCL, kFileMode));
        out.created_path = file.valid() ? config.mem_path : "";
    }
    if (!file.valid()) {
        return fail_errno(concat("can't open backing store ", shown(config), " for guest RAM"),
                          errno);
    }
    out.fd = std::make_shared<const Fd>(std::move(file));
    return out;
}

Result<> fit(const BackingFile& file, const MemoryBackendConfig& config) {
    struct stat status {};
    if (::fstat(file.fd->get(), &status) != 0) {
        return fail_errno("fstat", errno);
    }
    if (!S_ISREG(status.st_mode)) {
        return fail(
            concat("mem-path '", shown(config), "' is neither a regular file nor a folder"));
    }
    const std::uint64_t size = config.size->value();
    SISKIN_TRY(check_pages(size, file.page_size));
    const auto there = static_cast<std::uint64_t>(status.st_size);
    if (there == 0 && !config.readonly) {
        return grow(*file.fd, size);
    }
    if (there < size) {
        return fail(
            concat("backing store size ", hex(there), " does not match 'size' option ", hex(size)));
    }
    return {};
}

}  // namespace

Result<BackingFile> open_memfd(const std::string& name, const MemoryBackendConfig& config) {
    unsigned flags = MFD_CLOEXEC | (config.seal ? MFD_ALLOW_SEALING : 0U);
    if (config.hugetlb) {
        flags |= MFD_HUGETLB;
        if (config.hugetlbsize) {
            SISKIN_TRY(HugePages().check_size(config.hugetlbsize->value()));
            flags |= static_cast<unsigned>(std::countr_zero(config.hugetlbsize->value()))
                     << kHugeSizeShift;
        }
    }
    Fd file(::memfd_create(name.c_str(), flags));
    if (!file.valid()) {
        return fail_errno("memfd_create", errno);
    }
    BackingFile out;
    out.page_size = page_size_of(file);
    out.fd = std::make_shared<const Fd>(std::move(file));
    SISKIN_TRY(check_pages(config.size->value(), out.page_size));
    SISKIN_TRY(grow(*out.fd, config.size->value()));
    constexpr int kSeals = F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
    if (config.seal && ::fcntl(out.fd->get(), F_ADD_SEALS, kSeals) != 0) {
        return fail_errno("sealing the memfd", errno);
    }
    return out;
}

Result<BackingFile> open_backing_file(const MemoryBackendConfig& config) {
    struct stat status {};
    const bool is_folder = ::stat(config.mem_path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
    BackingFile file;
    if (is_folder && !config.readonly) {
        file.fd = std::make_shared<const Fd>(SISKIN_TRY(open_unnamed(config)));
    } else {
        file = SISKIN_TRY(open_named(config));
    }
    file.page_size = page_size_of(*file.fd);
    if (const auto fits = fit(file, config); !fits) {
        if (!file.created_path.empty()) {
            ::unlink(file.created_path.c_str());
        }
        return fail(fits.error());
    }
    return file;
}

}  // namespace siskin
