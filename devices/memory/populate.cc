// SPDX-License-Identifier: Apache-2.0
// Populating memory.
#include "devices/memory/populate.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/loop/parallel.h"

namespace siskin {
namespace {

constexpr int kPopulateWrite = 23;  // madvise(2): MADV_POPULATE_WRITE, since Linux 5.14

// One thread's part of the range.
struct Part {
    std::byte* data;
    std::size_t size;
    std::size_t page_size;
    int error_number = 0;
};

int populate_by_advice(const Part& part) {
    while (::madvise(part.data, part.size, kPopulateWrite) != 0) {
        if (errno != EINTR && errno != EAGAIN) {
            return errno;
        }
    }
    return 0;
}

// A byte of each page goes into a pipe and comes back to its place. System calls that meet a page
// which cannot be had report EFAULT; an access of our own would be answered by SIGBUS.
int populate_by_pipe(const Part& part) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
        return errno;
    }
    const Fd out(ends[0]);
    const Fd in(ends[1]);
    constexpr std::size_t kPagesAtOnce = 1024;  // IOV_MAX; a pipe holds more bytes than that
    std::vector<iovec> bytes;
    for (std::size_t done = 0; done < part.size;) {
        bytes.clear();
        for (; done < part.size && bytes.size() < kPagesAtOnce; done += part.page_size) {
            bytes.push_back(iovec{part.data + done, 1});
        }
        const auto count = static_cast<ssize_t>(bytes.size());
        const int vectors = static_cast<int>(bytes.size());
        if (::writev(in.get(), bytes.data(), vectors) != count ||
            ::readv(out.get(), bytes.data(), vectors) != count) {
            return EFAULT;
        }
    }
    return 0;
}

void run(Part& part, PopulateWay way) {
    part.error_number = way == PopulateWay::Advice ? populate_by_advice(part) : EINVAL;
    if (part.error_number == EINVAL) {  // madvise(2): the kernel does not know this advice
        part.error_number = populate_by_pipe(part);
    }
}

std::vector<Part> split(std::byte* data, std::size_t size, std::size_t page_size,
                        std::uint32_t threads) {
    const std::size_t pages = size / page_size;
    const std::size_t count = std::clamp<std::size_t>(
        threads, 1, std::min(std::max<std::size_t>(pages, 1), kParallelMax));
    std::vector<Part> parts;
    std::size_t first = 0;
    for (std::size_t index = 0; index < count; ++index) {
        const std::size_t last = pages * (index + 1) / count;
        parts.push_back(Part{data + first * page_size, (last - first) * page_size, page_size});
        first = last;
    }
    return parts;
}

}  // namespace

Result<> populate(std::byte* data, std::size_t size, std::size_t page_size, std::uint32_t threads,
                  PopulateWay way) {
    std::vector<Part> parts = split(data, size, page_size, threads);
    SISKIN_TRY_IN("prealloc", run_in_parallel(parts.size(),
                                              [&](std::size_t index) { run(parts[index], way); }));
    for (const Part& part : parts) {
        if (part.error_number != 0) {
            return fail_errno(
                "could not preallocate: the host has not enough memory, huge pages or room in the "
                "file system",
                part.error_number);
        }
    }
    return {};
}

}  // namespace siskin
