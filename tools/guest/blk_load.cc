// SPDX-License-Identifier: Apache-2.0
// Reads of a disk at random places, with a fixed number under way, for benchmarks: a request costs
// this driver as few instructions as it can. Prints "loaded" before and "done" after. Command line:
// size=BYTES depth=N count=N; idle: nothing is asked of the disk, and the guest
// halts after "loaded"; user: in ring 3.
#include <cstdint>

#include "tools/guest/blk_common.h"
#include "tools/guest/runtime/print.h"
#include "tools/guest/runtime/user_mode.h"

using namespace siskin::guest;

namespace {

constexpr unsigned kDepthMax = 16;
constexpr std::uint32_t kSizeMax = 64 << 10;
constexpr std::uint16_t kDescriptorsPerRequest = 3;

BlockRequest requests[kDepthMax];
alignas(4096) std::uint8_t data[kDepthMax][kSizeMax];

struct Load {
    std::uint32_t size;
    unsigned depth;
    std::uint64_t count;
};

// Knuth's linear congruential generator; the upper bits are the good ones.
class Places {
public:
    Places(std::uint64_t places, std::uint32_t sectors_each)
        : places_(places), sectors_each_(sectors_each) {}
    std::uint64_t next() {
        state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
        return (state_ >> 33) % places_ * sectors_each_;
    }

private:
    std::uint64_t state_ = 1;
    std::uint64_t places_;
    std::uint32_t sectors_each_;
};

// The chains stay as they are; a request that comes back goes out again to another place.
std::uint64_t run(VirtioBlk& disk, const Load& load) {
    Virtqueue& queue = disk.queue();
    Places places(disk.capacity() / (load.size / kSectorSize), load.size / kSectorSize);
    std::uint64_t failed = 0;
    std::uint64_t started = 0;
    for (; started < load.depth && started < load.count; ++started) {
        disk.submit(requests[started], kBlockIn, places.next(), data[started], load.size);
    }
    for (std::uint64_t finished = 0; finished < load.count; ++finished) {
        while (!queue.has_used()) {
        }
        const std::uint32_t head = queue.take_used().id;
        BlockRequest& request = requests[head / kDescriptorsPerRequest % kDepthMax];
        failed += request.status != kBlockOk ? 1 : 0;
        if (started < load.count) {
            ++started;
            request.header.sector = places.next();
            queue.publish_head(static_cast<std::uint16_t>(head));
            if (queue.wants_notification()) {
                disk.pci().notify(0);
            }
        }
    }
    return failed;
}

}  // namespace

void guest_start(const StartInfo* info) {
    static Acpi acpi;
    static Bdf disks[kDisksMax];
    static VirtioBlk disk;
    begin(info);
    const char* const line = command_line(*info);
    const Load load{static_cast<std::uint32_t>(number_word(line, "size=", 4096)),
                    static_cast<unsigned>(number_word(line, "depth=", 1)),
                    number_word(line, "count=", 1000)};
    require(load.size >= kSectorSize && load.size <= kSizeMax && load.depth >= 1 &&
                load.depth <= kDepthMax,
            "the load is within this guest's bounds");
    require(find_expected_disks(*info, acpi, disks) == 1, "there is one disk");
    VirtioBlk::Options options;
    options.features = kFeatureEventIndex;  // chains that stay want no indirect table
    options.queue_size = 64;
    require(disk.start(disks[0], options), "the disk starts");
    require(disk.capacity() >= load.size / kSectorSize, "the disk holds one read");
    if (has_word(line, "user")) {
        enter_user_mode();
    }
    print("loaded\n");
    if (has_word(line, "idle")) {
        halt_forever();
    }
    const std::uint64_t failed = run(disk, load);
    print("done\n");
    check_equal(failed, 0, "every read succeeded");
    finish();
}
