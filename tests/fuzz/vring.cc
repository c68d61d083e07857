// SPDX-License-Identifier: Apache-2.0
// Fuzzes the device's side of a split virtqueue: every byte of the guest's memory is hostile.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "base/memory/guest_memory.h"
#include "virtio/queue/split_queue.h"
#include "virtio/spec.h"

namespace siskin {
namespace {

constexpr std::uint64_t kMemorySize = 16 * 1024;
constexpr std::uint16_t kSizeMax = 64;

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

std::shared_ptr<const GuestMemory> make_memory() {
    return *GuestMemory::create({GuestRegion{
        GuestAddress{0}, std::make_shared<const Mapping>(*Mapping::anonymous(kMemorySize))}});
}

void check_chain(const DescriptorChain& chain, const GuestSpan& all) {
    require(chain.count() >= 1 && chain.count() <= kSizeMax);
    for (const auto buffers : {chain.readable(), chain.writable()}) {
        for (const GuestSpan& buffer : buffers) {
            require(buffer.size() != 0 && buffer.data() >= all.data() &&
                    buffer.size() <= all.size() &&
                    buffer.data() + buffer.size() <= all.data() + all.size());
        }
    }
}

// First byte: size and features. Then the rings' addresses, steps to take, and memory.
void run(const std::uint8_t* data, std::size_t size) {
    static const auto memory = make_memory();
    constexpr std::size_t kHead = 8;
    constexpr std::size_t kSteps = 32;
    if (size < kHead + kSteps) {
        return;
    }
    const GuestSpan all = *memory->span(GuestAddress{0}, ByteCount{kMemorySize});
    std::memset(all.data(), 0, all.size());
    std::memcpy(all.data(), data + kHead + kSteps, std::min(size - kHead - kSteps, all.size()));
    QueueConfig config;
    config.size = static_cast<std::uint16_t>(1U << (data[0] % 7));
    const auto address = [&](std::size_t at) {
        return GuestAddress{(std::uint64_t{data[at]} << 8 | data[at + 1]) * 2};
    };
    config.descriptor_area = address(1);
    config.driver_area = address(3);
    config.device_area = address(5);
    FeatureSet accepted;
    if ((data[0] & 0x40) != 0) {
        accepted.add(virtio_spec::kFeatureRingIndirectDesc);
    }
    if ((data[0] & 0x80) != 0) {
        accepted.add(virtio_spec::kFeatureRingEventIdx);
    }
    auto queue = SplitQueue::enable(config, kSizeMax, accepted, memory);
    if (!queue) {
        return;
    }
    DescriptorChain chain(queue->chain_length_max());
    for (std::size_t step = 0; step < kSteps; ++step) {
        switch (data[kHead + step] % 4) {
            case 0: {
                const Popped popped = queue->pop(chain);
                if (popped.outcome == Popped::Outcome::Chain) {
                    check_chain(chain, all);
                    queue->push_used(popped.head, 0);
                }
                break;
            }
            case 1: (void)queue->should_notify(); break;
            case 2: (void)queue->enable_notification(); break;
            case 3: queue->disable_notification(); break;
        }
    }
}

}  // namespace
}  // namespace siskin

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    siskin::run(data, size);
    return 0;
}
