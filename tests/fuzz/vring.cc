// SPDX-License-Identifier: Apache-2.0
// Fuzzes the device's side of a virtqueue of either format: every byte of the guest's memory is
// hostile, and one that is read again may be another one by then.
#include <algorithm>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "base/memory/guest_memory.h"
#include "virtio/queue/virtqueue.h"
#include "virtio/spec.h"

namespace siskin {
namespace {

constexpr std::uint64_t kMemorySize = 16 * 1024;
constexpr std::uint16_t kSizeMax = 64;
// A step reads a chain of the longest legal length at most, each of its descriptors in pieces, and
// some words of the rings.
constexpr unsigned kReadsMax = 8 * kSizeMax + 16;

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

std::shared_ptr<const GuestMemory> make_memory() {
    return *GuestMemory::create({GuestRegion{
        GuestAddress{0}, std::make_shared<const Mapping>(*Mapping::anonymous(kMemorySize))}});
}

// Sees every read of guest bytes during a step. A byte that was read already in this step is
// changed before it is read again, by the input's bytes.
class Reads {
public:
    void begin(std::byte* memory, const std::uint8_t* changes, std::size_t size) {
        memory_ = memory;
        changes_ = changes;
        changes_left_ = size;
    }
    void begin_step() {
        seen_.reset();
        count_ = 0;
    }
    void note(std::byte* data, std::size_t size) {
        require(data >= memory_ && data + size <= memory_ + kMemorySize);
        require(++count_ <= kReadsMax);
        for (std::byte* at = data; at < data + size; ++at) {
            const auto place = static_cast<std::size_t>(at - memory_);
            if (seen_[place] && changes_left_ != 0) {
                --changes_left_;
                *at ^= std::byte{*changes_++};
            }
            seen_[place] = true;
        }
    }

private:
    std::byte* memory_ = nullptr;
    const std::uint8_t* changes_ = nullptr;
    std::size_t changes_left_ = 0;
    std::bitset<kMemorySize> seen_;
    unsigned count_ = 0;
};

Reads reads;

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

// A device that keeps some chains, hands them back in any order, each once, and stops where the
// ring is broken.
class Device {
public:
    Device(Virtqueue queue, const GuestSpan& all)
        : queue_(std::move(queue)), all_(all), chain_(queue_.chain_length_max()) {}

    // False when the ring is broken.
    [[nodiscard]] bool step(std::uint8_t operation) {
        reads.begin_step();
        switch (operation % 6) {
            case 0:
            case 1: return pop();
            case 2: finish(operation / 6U); break;
            case 3: (void)queue_.should_notify(); break;
            case 4: (void)queue_.enable_notification(); break;
            case 5: queue_.disable_notification(); break;
        }
        return true;
    }

private:
    bool pop() {
        const Popped popped = queue_.pop(chain_);
        require(queue_.in_flight() <= queue_.size());
        switch (popped.outcome) {
            case Popped::Outcome::Chain:
                check_chain(chain_, all_);
                require(chain_.head() == popped.head);
                held_.push_back(popped.head);
                break;
            case Popped::Outcome::BadChain:
                require(!popped.reason.empty());
                queue_.push_used(popped.head, 0);
                break;
            case Popped::Outcome::BrokenRing: return false;
            case Popped::Outcome::Empty:
            case Popped::Outcome::BadHead: break;
        }
        require(held_.size() <= queue_.in_flight());
        return true;
    }
    void finish(std::size_t which) {
        if (!held_.empty()) {
            const auto at = held_.begin() + static_cast<std::ptrdiff_t>(which % held_.size());
            queue_.push_used(*at, static_cast<std::uint32_t>(which));
            held_.erase(at);
        }
    }

    Virtqueue queue_;
    GuestSpan all_;
    DescriptorChain chain_;
    std::vector<ChainHead> held_;
};

FeatureSet features_of(std::uint8_t bits) {
    FeatureSet accepted;
    if ((bits & 1) != 0) {
        accepted.add(virtio_spec::kFeatureRingIndirectDesc);
    }
    if ((bits & 2) != 0) {
        accepted.add(virtio_spec::kFeatureRingEventIdx);
    }
    if ((bits & 4) != 0) {
        accepted.add(virtio_spec::kFeatureRingPacked);
    }
    if ((bits & 8) != 0) {
        accepted.add(virtio_spec::kFeatureInOrder);
    }
    return accepted;
}

// Size, features, the three areas' addresses; steps; changes for what is read twice; memory. Each
// fourth step is a driver's: it writes one byte of the input somewhere.
void run(const std::uint8_t* data, std::size_t size) {
    static const auto memory = make_memory();
    constexpr std::size_t kHead = 8;
    constexpr std::size_t kSteps = 48;
    constexpr std::size_t kChanges = 32;
    constexpr std::size_t kFixed = kHead + kSteps + kChanges;
    if (size < kFixed) {
        return;
    }
    const GuestSpan all = *memory->span(GuestAddress{0}, ByteCount{kMemorySize});
    std::memset(all.data(), 0, all.size());
    std::memcpy(all.data(), data + kFixed, std::min(size - kFixed, all.size()));
    reads.begin(all.data(), data + kHead + kSteps, kChanges);
    reads.begin_step();
    const FeatureSet accepted = features_of(data[1]);
    const bool packed = accepted.has(virtio_spec::kFeatureRingPacked);
    QueueConfig config;
    config.size = static_cast<std::uint16_t>(packed ? data[0] % (kSizeMax + 1) : 1U << data[0] % 7);
    const auto address = [&](std::size_t at) {
        return GuestAddress{(std::uint64_t{data[at]} << 8 | data[at + 1]) * 2};
    };
    config.descriptor_area = address(2);
    config.driver_area = address(4);
    config.device_area = address(6);
    auto queue = Virtqueue::enable(config, kSizeMax, accepted, memory);
    if (!queue) {
        return;
    }
    Device device(std::move(*queue), all);
    for (std::size_t step = 0; step < kSteps; ++step) {
        const std::uint8_t operation = data[kHead + step];
        if (step % 4 == 3) {
            const std::size_t place = config.descriptor_area.value() + operation;
            if (place < kMemorySize) {
                all.data()[place] = std::byte{data[kHead + step - 1]};
            }
        } else if (!device.step(operation)) {
            return;
        }
    }
}

}  // namespace

void observe_guest_read(std::byte* data, std::size_t size) {
    reads.note(data, size);
}

}  // namespace siskin

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    siskin::run(data, size);
    return 0;
}
