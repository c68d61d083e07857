// SPDX-License-Identifier: Apache-2.0
// The host's calls that give back room or write zeroes without a buffer.
#include "devices/block/file_access.h"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

namespace siskin {

int allocation_mode(BlockOperation::Step step) {
    // KEEP_SIZE: the file never grows by it. Linux >= 4.9 does both on block devices, too.
    return FALLOC_FL_KEEP_SIZE |
           (step == BlockOperation::Step::PunchHole ? FALLOC_FL_PUNCH_HOLE : FALLOC_FL_ZERO_RANGE);
}

std::int64_t run_range_step(const FileAccess& file, const BlockOperation& operation) {
    const int fd = file.file.get();
    int result = 0;
    if (operation.step() == BlockOperation::Step::BlockDiscard) {
        std::array<std::uint64_t, 2> range{operation.offset(), operation.length()};
        result = ::ioctl(fd, BLKDISCARD, range.data());
    } else {
        result = ::fallocate(fd, allocation_mode(operation.step()),
                             static_cast<off_t>(operation.offset()),
                             static_cast<off_t>(operation.length()));
    }
    return result < 0 ? -errno : 0;
}

}  // namespace siskin
