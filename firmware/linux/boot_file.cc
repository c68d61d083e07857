// SPDX-License-Identifier: Apache-2.0
// Reads kernels and initrds.
#include "firmware/linux/boot_file.h"

#include <cerrno>
#include <limits>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

namespace siskin {

Result<BootFile> BootFile::open(std::string role, const std::string& path) {
    // O_NONBLOCK: a FIFO is told to be no file instead of waiting for its writer.
    Fd fd = SISKIN_TRY_IN(role, open_file(path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
    return from_fd(std::move(role), path, std::move(fd));
}

Result<BootFile> BootFile::from_fd(std::string role, const std::string& name, Fd fd) {
    constexpr std::size_t kNameLengthMax = 4096;
    BootFile file(concat(role, " '", printable(name, kNameLengthMax), "'"), std::move(fd));
    const auto size = file.size();
    if (!size) {
        return fail(size.error());
    }
    return file;
}

Result<ByteCount> BootFile::size() const {
    struct stat status {};
    if (::fstat(fd_.get(), &status) != 0) {
        return fail_errno(label_, errno);
    }
    if (S_ISDIR(status.st_mode)) {
        return fail(concat(label_, " is a directory"));
    }
    if (!S_ISREG(status.st_mode)) {
        return fail(concat(label_, " is not a regular file"));
    }
    if (status.st_size <= 0) {
        return fail(concat(label_, " is empty"));
    }
    return ByteCount{static_cast<std::uint64_t>(status.st_size)};
}

Result<> BootFile::read(std::uint64_t offset, std::span<std::byte> into) const {
    // pread takes a signed offset; no file is longer.
    constexpr auto kOffsetMax = static_cast<std::uint64_t>(std::numeric_limits<off_t>::max());
    if (offset > kOffsetMax || into.size() > kOffsetMax - offset) {
        return fail(concat(label_, " cannot hold ", into.size(), " bytes at ", hex(offset)));
    }
    std::size_t done = 0;
    while (done < into.size()) {
        const ssize_t count = ::pread(fd_.get(), into.data() + done, into.size() - done,
                                      static_cast<off_t>(offset + done));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return fail_errno(concat("could not read ", label_), errno);
        }
        if (count == 0) {
            return fail(concat(label_, " ends after ", offset + done, " bytes, ",
                               offset + into.size(), " were expected"));
        }
        done += static_cast<std::size_t>(count);
    }
    return {};
}

Result<> BootFile::read_to_guest(std::uint64_t offset, const GuestMemory& memory,
                                 GuestAddress address, ByteCount size) const {
    if (size.value() == 0) {
        return {};
    }
    const auto range = memory.span(address, size);
    if (!range) {
        return fail(concat(label_, " does not fit: guest addresses ", hex(address.value()), " + ",
                           hex(size.value()), " are not RAM"));
    }
    return read(offset, std::span(range->data(), range->size()));
}

std::string size_text(std::uint64_t size_bytes) {
    return size_bytes < kMiB ? concat(size_bytes, " bytes")
                             : concat((size_bytes - 1) / kMiB + 1, " MiB");
}

}  // namespace siskin
