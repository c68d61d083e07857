// SPDX-License-Identifier: Apache-2.0
// Proves virtio/queue/virtqueue: what holds for both formats.
#include "virtio/queue/virtqueue.h"

#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "tests/harness/driver_ring.h"
#include "tests/harness/test_guest.h"
#include "virtio/queue/chain_reader.h"
#include "virtio/queue/chain_writer.h"
#include "virtio/spec.h"

namespace siskin {

namespace spec = virtio_spec;
using Outcome = Popped::Outcome;

namespace {

constexpr std::array kFormats{RingFormat::Split, RingFormat::Packed};
constexpr FeatureSet kIndirect{spec::kFeatureRingIndirectDesc};
constexpr std::uint64_t kIn = 0x2000;   // buffers that the device reads
constexpr std::uint64_t kOut = 0x4000;  // and those it writes, apart from each other
constexpr std::uint64_t kApart = 0x100;
constexpr std::uint32_t kMessage = 8;  // bytes either way

// Bit n of `cuts`: a buffer ends behind byte n of the message.
std::vector<DriverBuffer> cut(std::uint64_t base, unsigned cuts, bool writable) {
    std::vector<DriverBuffer> buffers{{base, 0, writable}};
    for (unsigned byte = 0; byte < kMessage; ++byte) {
        ++buffers.back().length;
        if (byte + 1 < kMessage && ((cuts >> byte) & 1) != 0) {
            buffers.push_back({buffers.back().address + kApart, 0, writable});
        }
    }
    return buffers;
}

// Sends the message cut like this to a device that answers each byte by its complement. What came
// back in the writable buffers, joined; nothing when the device's or the driver's side is wrong.
std::vector<std::uint8_t> exchange(TestGuest& guest, DriverRing& driver, Virtqueue& queue,
                                   unsigned in_cuts, unsigned out_cuts, bool indirect) {
    const auto in = cut(kIn, in_cuts, false);
    const auto out = cut(kOut, out_cuts, true);
    std::uint8_t next = 1;
    for (const DriverBuffer& buffer : in) {
        for (std::uint32_t at = 0; at < buffer.length; ++at) {
            guest.write(buffer.address + at, next++);
        }
    }
    std::vector<DriverBuffer> all = in;
    all.insert(all.end(), out.begin(), out.end());
    const auto id = indirect ? driver.offer_indirect(all) : driver.offer(all);
    DescriptorChain chain(queue.chain_length_max());
    const Popped popped = queue.pop(chain);
    std::array<std::uint8_t, kMessage> bytes{};
    if (popped.outcome != Outcome::Chain ||
        !ChainReader(chain).read_bytes(std::as_writable_bytes(std::span(bytes)))) {
        return {};
    }
    for (std::uint8_t& byte : bytes) {
        byte = static_cast<std::uint8_t>(~byte);
    }
    ChainWriter writer(chain);
    writer.write(bytes);
    queue.push_used(popped.head, static_cast<std::uint32_t>(writer.written()));
    const auto used = driver.take_used();
    if (!used || *used != DriverRing::Used{*id, kMessage}) {
        return {};
    }
    std::vector<std::uint8_t> answer;
    for (const DriverBuffer& buffer : out) {
        const auto part = guest.bytes(buffer.address, buffer.length);
        answer.insert(answer.end(), part.begin(), part.end());
    }
    return answer;
}

unsigned pieces(unsigned cuts) {
    return 1 + static_cast<unsigned>(std::popcount(cuts));
}

}  // namespace

TEST_SUITE("virtio/queue/virtqueue") {
    TEST_CASE(
        "a message has the same effect however it is cut into 2 to 8 descriptors (V08, V21)") {
        const std::vector<std::uint8_t> expected{0xfe, 0xfd, 0xfc, 0xfb, 0xfa, 0xf9, 0xf8, 0xf7};
        unsigned wrong = 0;
        unsigned count = 0;
        for (const RingFormat format : kFormats) {
            for (const bool indirect : {false, true}) {
                TestGuest guest;
                DriverRing driver(guest, format, 8);
                Virtqueue queue = driver.device_side(kIndirect);
                for (unsigned in = 0; in < 128; ++in) {
                    for (unsigned out = 0; out < 128; ++out) {
                        if (pieces(in) + pieces(out) <= 8) {
                            ++count;
                            wrong += exchange(guest, driver, queue, in, out, indirect) == expected
                                         ? 0
                                         : 1;
                        }
                    }
                }
            }
        }
        CHECK(count == 4 * 6476);
        CHECK(wrong == 0);
    }

    TEST_CASE("with IN_ORDER buffers are used as they were made available (§2.7.9, §2.8.8)") {
        for (const RingFormat format : kFormats) {
            TestGuest guest;
            DriverRing driver(guest, format, 4);
            Virtqueue queue = driver.device_side({spec::kFeatureInOrder});
            DescriptorChain chain(4);
            const auto first_id = driver.offer({{kOut, 1, true}});
            const auto second_id = driver.offer({{kOut, 1, true}, {kOut, 1, true}});
            const Popped first = queue.pop(chain);
            const Popped second = queue.pop(chain);
            CHECK(chain.head() == second.head);

            queue.push_used(second.head, 2);
            CHECK_FALSE(driver.take_used().has_value());
            CHECK_FALSE(queue.should_notify());
            CHECK(queue.in_flight() == 2);
            queue.push_used(first.head, 1);

            CHECK(driver.take_used() == DriverRing::Used{*first_id, 1});
            CHECK(driver.take_used() == DriverRing::Used{*second_id, 2});
            CHECK(queue.should_notify());
            CHECK(queue.in_flight() == 0);
        }
    }

    TEST_CASE("without IN_ORDER they are used as they are done") {
        for (const RingFormat format : kFormats) {
            TestGuest guest;
            DriverRing driver(guest, format, 4);
            Virtqueue queue = driver.device_side();
            DescriptorChain chain(4);
            driver.offer({{kOut, 1, true}});
            const auto second_id = driver.offer({{kOut, 1, true}});
            [[maybe_unused]] const Popped first = queue.pop(chain);
            const Popped second = queue.pop(chain);

            queue.push_used(second.head, 1);

            CHECK(driver.take_used() == DriverRing::Used{*second_id, 1});
        }
    }

    TEST_CASE("more buffers in flight than descriptors break a split ring (V11, V13)") {
        TestGuest guest;
        DriverQueue driver(guest, 4);
        Virtqueue queue = driver.virtqueue();
        DescriptorChain chain(4);
        driver.put_chain(0, {{kIn, 1, false}});
        for (int count = 0; count < 4; ++count) {
            driver.put_available(0);  // the same head again and again
            REQUIRE(queue.pop(chain).outcome == Outcome::Chain);
        }
        driver.put_available(0);

        CHECK(queue.pop(chain).outcome == Outcome::BrokenRing);
    }

    TEST_CASE("rings that lie on each other and on their data stay inside themselves (V16)") {
        TestGuest guest;
        const std::uint64_t place = guest.allocate(0x1000, 16);
        for (const RingFormat format : kFormats) {
            FeatureSet accepted{spec::kFeatureRingIndirectDesc, spec::kFeatureRingEventIdx};
            if (format == RingFormat::Packed) {
                accepted.add(spec::kFeatureRingPacked);
            }
            guest.fill(place, 0x1000, 0);
            const QueueConfig config{4, GuestAddress{place}, GuestAddress{place},
                                     GuestAddress{place}};
            auto queue = Virtqueue::enable(config, 4, accepted, guest.memory());
            REQUIRE(queue.has_value());
            DescriptorChain chain(4);
            const auto around = guest.bytes(place + 0x100, 0xf00);
            for (unsigned round = 0; round < 2000; ++round) {
                guest.write(place + round % 64, static_cast<std::uint8_t>(round * 37));
                const Popped popped = queue->pop(chain);
                if (popped.outcome == Outcome::Chain || popped.outcome == Outcome::BadChain) {
                    queue->push_used(popped.head, round);
                }
                [[maybe_unused]] const bool wanted = queue->should_notify();
                [[maybe_unused]] const bool more = queue->enable_notification();
            }
            CHECK(guest.bytes(place + 0x100, 0xf00) == around);
        }
    }

    TEST_CASE("the feature chooses the format, and its rules for size and alignment (§2.8.10.1)") {
        TestGuest guest;
        DriverRing odd(guest, RingFormat::Packed, 5);

        const FeatureSet packed{spec::kFeatureRingPacked};
        CHECK(Virtqueue::enable(odd.config(), 8, packed, guest.memory()).has_value());
        CHECK_FALSE(Virtqueue::enable(odd.config(), 8, {}, guest.memory()).has_value());
        CHECK_FALSE(Virtqueue::enable(odd.config(), 4, packed, guest.memory()).has_value());
    }
}

}  // namespace siskin
