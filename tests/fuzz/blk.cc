// SPDX-License-Identifier: Apache-2.0
// Fuzzes block requests from the descriptor chain to the disk: any header, cut anywhere.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "tests/harness/driver_queue.h"
#include "tests/harness/test_guest.h"
#include "tests/unit/virtio/memory_disk.h"
#include "virtio/block/block_io.h"
#include "virtio/block/spec.h"

namespace siskin {
namespace {

constexpr std::uint64_t kDiskSize = 64 * 1024;
constexpr std::uint64_t kBase = 0x100000;  // where buffers lie
constexpr std::uint64_t kRange = 0x40000;

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

class Host final : public DeviceHost {
public:
    void needs_reset(std::string_view) override {}
    void guest_error(std::string_view) override {}
};

class Silent final : public DriverInterrupt {
public:
    void signal() override {}
};

class Reader {
public:
    Reader(const std::uint8_t* data, std::size_t size) : data_(data), left_(size) {}
    std::uint64_t take(unsigned width) {
        std::uint64_t value = 0;
        for (unsigned index = 0; index < width && left_ != 0; ++index, --left_) {
            value |= std::uint64_t{*data_++} << (index * 8);
        }
        return value;
    }
    [[nodiscard]] bool empty() const { return left_ == 0; }

private:
    const std::uint8_t* data_;
    std::size_t left_;
};

// Each chain: a count of buffers, their places and directions; the bytes in memory follow.
std::uint16_t put_requests(Reader& input, TestGuest& guest, DriverQueue& driver) {
    const bool sane_header = input.take(1) % 4 != 0;
    if (sane_header) {
        const auto type = static_cast<std::uint32_t>(input.take(1) % 10);
        guest.write(kBase, virtio_spec::BlockRequestHeader{type, 0U, input.take(1)});
    }
    std::uint16_t offered = 0;
    std::uint16_t next = 0;
    while (!input.empty() && offered < 8) {
        std::vector<DriverBuffer> buffers;
        const std::uint64_t count = 1 + input.take(1) % 4;
        for (std::uint64_t index = 0; index < count; ++index) {
            const std::uint64_t flags = input.take(1);
            const bool first = index == 0 && (flags & 0x80) != 0;
            buffers.push_back(DriverBuffer{
                first ? kBase : kBase + input.take(3) % kRange,
                first ? 16
                      : static_cast<std::uint32_t>((flags & 0x40) != 0 ? input.take(1) * 512
                                                                       : input.take(2)),
                (flags & 1) != 0});
        }
        driver.put_available(driver.put_chain(next, buffers));
        next = static_cast<std::uint16_t>(next + count);
        ++offered;
    }
    return offered;
}

void run(const std::uint8_t* data, std::size_t size) {
    TestGuest guest;
    DriverQueue driver(guest, 32);
    Reader input(data, size);
    MemoryDisk disk(kDiskSize, input.take(1) % 2 == 0);
    const std::vector<std::uint8_t> before = disk.bytes;
    BlockShared shared;
    shared.limits = BlockLimits{ByteCount{kDiskSize}, 512, disk.read_only()};
    shared.writeback = input.take(1) % 2 == 0;
    const std::uint16_t offered = put_requests(input, guest, driver);

    IoLoop loop = *IoLoop::create();
    const EventFd kick = *EventFd::create();
    Silent interrupt;
    Host host;
    BlockIo io(*disk.create_engine(32), *EventFd::create(), shared);
    ActiveQueues queues;
    queues.queues.push_back(ActiveQueue{QueueIndex{0}, driver.device_side(), kick, interrupt});
    io.activate(loop, std::move(queues), host);
    // A kick before each turn, so that none waits for ever.
    for (int turn = 0; turn < 4; ++turn) {
        kick.signal();
        loop.run_one_turn();
    }
    require(driver.used_index() == offered);
    require(!disk.read_only() || disk.bytes == before);
    bool gone = false;
    io.deactivate(loop, [&] { gone = true; });
    require(gone);
}

}  // namespace
}  // namespace siskin

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    siskin::run(data, size);
    return 0;
}
