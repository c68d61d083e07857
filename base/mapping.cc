// SPDX-License-Identifier: Apache-2.0
// An owned memory mapping.
#include "base/mapping.h"

#include <cerrno>

#include <sys/mman.h>

#include "base/text.h"

namespace siskin {

Result<Mapping> Mapping::map(int flags, int fd_number, std::size_t size) {
    void* const data = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, flags, fd_number, 0);
    if (data == MAP_FAILED) {
        return fail_errno(concat("could not map ", size, " bytes of memory"), errno);
    }
    return Mapping(static_cast<std::byte*>(data), size);
}

Result<Mapping> Mapping::anonymous(std::size_t size) {
    // No MAP_NORESERVE: what this host can never back is refused now, not when it is used.
    return map(MAP_PRIVATE | MAP_ANONYMOUS, -1, size);
}

Result<Mapping> Mapping::shared(const Fd& fd, std::size_t size) {
    return map(MAP_SHARED | MAP_NORESERVE, fd.get(), size);
}

void Mapping::reset() {
    if (data_ != nullptr) {
        ::munmap(data_, size_);
        data_ = nullptr;
        size_ = 0;
    }
}

}  // namespace siskin
