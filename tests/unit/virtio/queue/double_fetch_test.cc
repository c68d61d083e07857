// SPDX-License-Identifier: Apache-2.0
// Proves that no guest byte is read twice on the way from a ring to a parsed request.
#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "base/memory/guest_span.h"
#include "tests/harness/driver_ring.h"
#include "tests/harness/test_guest.h"
#include "virtio/block/block_request.h"
#include "virtio/block/spec.h"
#include "virtio/queue/virtqueue.h"

namespace siskin {

namespace {

// While it lives, every read of guest bytes is counted; a byte that was read before is changed
// before it is read again, as a hostile vCPU would.
class Reads {
public:
    Reads() { current = this; }
    ~Reads() { current = nullptr; }
    Reads(const Reads&) = delete;
    Reads& operator=(const Reads&) = delete;

    static void note(std::byte* data, std::size_t size) {
        if (current != nullptr) {
            for (std::size_t at = 0; at < size; ++at) {
                if (++current->counts_[data + at] > 1) {
                    ++current->twice_;
                    data[at] ^= std::byte{0xff};
                }
            }
        }
    }
    [[nodiscard]] unsigned twice() const { return twice_; }
    [[nodiscard]] std::size_t bytes() const { return counts_.size(); }

private:
    static inline Reads* current = nullptr;
    std::map<std::byte*, unsigned> counts_;
    unsigned twice_ = 0;
};

}  // namespace

void observe_guest_read(std::byte* data, std::size_t size) {
    Reads::note(data, size);
}

namespace {

namespace spec = virtio_spec;

constexpr std::array kFormats{RingFormat::Split, RingFormat::Packed};
constexpr std::uint64_t kHeader = 0x1000;
constexpr std::uint64_t kData = 0x2000;
constexpr std::uint64_t kStatus = 0x3000;
constexpr BlockLimits kLimits{ByteCount{64 * 1024}, 512, false};

// A read of 512 bytes whose header is in two pieces, the first of `cut` bytes.
std::vector<DriverBuffer> cut_request(std::uint32_t cut) {
    return {{kHeader, cut, false},
            {kHeader + 0x100, 16 - cut, false},
            {kData, 512, true},
            {kStatus, 1, true}};
}

void write_header(const TestGuest& guest, std::uint32_t cut) {
    const spec::BlockRequestHeader header{spec::kBlockRead, 0U, std::uint64_t{3}};
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(&header);
    guest.put(kHeader, {bytes, bytes + cut});
    guest.put(kHeader + 0x100, {bytes + cut, bytes + 16});
}

}  // namespace

TEST_SUITE("virtio/queue/virtqueue") {
    TEST_CASE("the observer sees a byte that is read twice, and changes it") {
        TestGuest guest;
        guest.write(kData, std::uint32_t{0});
        const GuestSpan span = guest.span(kData, 4);
        Reads reads;

        CHECK(span.read<std::uint32_t>() == 0);
        CHECK(span.load<std::uint16_t>(0, std::memory_order_relaxed) == 0xffff);

        CHECK(reads.twice() == 2);
    }

    TEST_CASE("no guest byte is read twice between a ring and its request (V12, V21)") {
        for (const RingFormat format : kFormats) {
            for (const bool indirect : {false, true}) {
                for (const FeatureSet more : {FeatureSet{}, FeatureSet{spec::kFeatureRingEventIdx,
                                                                       spec::kFeatureInOrder}}) {
                    TestGuest guest;
                    DriverRing driver(guest, format, 8);
                    FeatureSet accepted = more;
                    accepted.add(spec::kFeatureRingIndirectDesc);
                    Virtqueue queue = driver.device_side(accepted);
                    DescriptorChain chain(queue.chain_length_max());
                    for (std::uint32_t request = 0; request < 30; ++request) {
                        const std::uint32_t cut = 1 + request % 15;
                        write_header(guest, cut);
                        const auto buffers = cut_request(cut);
                        if (indirect) {
                            driver.offer_indirect(buffers);
                        } else {
                            driver.offer(buffers);
                        }
                        Popped popped;
                        BlockRequest::Kind kind{};
                        {
                            const Reads reads;
                            popped = queue.pop(chain);
                            kind = parse_block_request(chain, kLimits).kind;
                            CHECK(reads.twice() == 0);
                            CHECK(reads.bytes() >= 4 * 14 + 16);
                        }
                        REQUIRE(popped.outcome == Popped::Outcome::Chain);
                        CHECK(kind == BlockRequest::Kind::Read);
                        {
                            const Reads reads;
                            queue.push_used(popped.head, 513);
                            [[maybe_unused]] const bool wanted = queue.should_notify();
                            CHECK(reads.twice() == 0);
                        }
                        REQUIRE(driver.take_used().has_value());
                    }
                }
            }
        }
    }
}

}  // namespace siskin
