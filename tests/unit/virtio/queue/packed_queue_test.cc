// SPDX-License-Identifier: Apache-2.0
// Proves virtio/queue/packed_queue: chains, what is refused, and what breaks the ring.
#include "virtio/queue/packed_queue.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

#include "tests/harness/packed_driver_queue.h"
#include "tests/harness/test_guest.h"

namespace siskin {

namespace spec = virtio_spec;
using Outcome = Popped::Outcome;

namespace {

constexpr FeatureSet kIndirect{spec::kFeatureRingIndirectDesc};

struct Bench {
    explicit Bench(std::uint16_t size, FeatureSet accepted = {}, std::uint16_t size_max = 0)
        : driver(guest, size),
          queue(driver.device_side(accepted, size_max)),
          chain(queue.chain_length_max()) {}

    Popped pop() { return queue.pop(chain); }
    // Pops what was offered and hands it back.
    Popped serve(std::uint32_t written = 0) {
        const Popped popped = pop();
        if (popped.outcome == Outcome::Chain || popped.outcome == Outcome::BadChain) {
            queue.push_used(popped.head, written);
        }
        return popped;
    }
    Popped serve(std::uint16_t id, const std::vector<DriverBuffer>& buffers) {
        driver.offer(id, buffers);
        const Popped popped = serve();
        [[maybe_unused]] const auto used = driver.take_used();
        return popped;
    }

    TestGuest guest;
    PackedDriverQueue driver;
    PackedQueue queue;
    DescriptorChain chain;
};

std::vector<DriverBuffer> buffers_of_one_byte(std::size_t count) {
    return std::vector<DriverBuffer>(count, DriverBuffer{0x1000, 1, false});
}

}  // namespace

TEST_SUITE("virtio/queue/packed_queue") {
    TEST_CASE("a ring of zeroes has nothing available (virtio 1.2 §2.8.15)") {
        for (const unsigned size : {1U, 2U, 3U, 4U, 255U}) {
            Bench bench(static_cast<std::uint16_t>(size));

            CHECK(bench.pop().outcome == Outcome::Empty);
        }
    }

    TEST_CASE("a list is its buffers in order, and its id is the last descriptor's (§2.8.6)") {
        Bench bench(8);
        bench.driver.offer(0x1234, {{0x1000, 16, false}, {0x2000, 512, false}, {0x3000, 4, true}});
        auto first = bench.driver.descriptor(0);
        first.id = 0x4321;  // §2.8.6: only the last one's counts
        bench.driver.put_descriptor(0, first);

        const Popped popped = bench.pop();

        REQUIRE(popped.outcome == Outcome::Chain);
        CHECK(popped.head.id == 0x1234);
        CHECK(popped.head.descriptors == 3);
        CHECK(bench.chain.head() == popped.head);
        REQUIRE(bench.chain.readable().size() == 2);
        CHECK(bench.chain.readable()[1].data() == bench.guest.span(0x2000, 1).data());
        CHECK(total_size(bench.chain.readable()) == 528);
        CHECK(total_size(bench.chain.writable()) == 4);
    }

    TEST_CASE("a used descriptor has id, length, both flags and WRITE when written (§2.8.3)") {
        Bench bench(4);
        bench.driver.offer(7, {{0x1000, 16, true}});
        bench.serve(16);
        bench.driver.offer(9, {{0x1000, 16, false}});
        bench.serve(0);

        const auto written = bench.driver.take_used();
        const auto read = bench.driver.take_used();

        REQUIRE(written.has_value());
        CHECK(written->id == 7);
        CHECK(written->length == 16);
        CHECK(written->flags ==
              (spec::kPackedAvailable | spec::kPackedUsed | spec::kDescriptorWrite));
        REQUIRE(read.has_value());
        CHECK(read->id == 9);
        CHECK(read->flags == (spec::kPackedAvailable | spec::kPackedUsed));
    }

    TEST_CASE("a list is used by one descriptor and passes over the others (§2.8.6)") {
        Bench bench(4);
        bench.driver.offer(1, buffers_of_one_byte(3));
        bench.serve();
        const auto second = bench.driver.descriptor(1);
        bench.driver.offer(2, buffers_of_one_byte(1));

        bench.serve();

        CHECK(bench.driver.take_used()->id == 1);
        CHECK(bench.driver.take_used()->id == 2);
        CHECK_FALSE(bench.driver.take_used().has_value());
        // §2.8.15: what is passed over is not touched.
        CHECK(bench.driver.descriptor(1).flags == second.flags);
    }

    TEST_CASE("lists go over the end of the ring, where the wrap counters turn (§2.8.1)") {
        Bench bench(5);
        for (std::uint16_t round = 0; round < 50; ++round) {
            REQUIRE(bench.serve(round, buffers_of_one_byte(1U + round % 5)).outcome ==
                    Outcome::Chain);
        }
        CHECK(bench.pop().outcome == Outcome::Empty);
    }

    TEST_CASE("buffers may come back in another order than they came (§2.8.12)") {
        Bench bench(4);
        bench.driver.offer(1, buffers_of_one_byte(2));
        bench.driver.offer(2, buffers_of_one_byte(1));
        const Popped first = bench.pop();
        const Popped second = bench.pop();

        bench.queue.push_used(second.head, 0);
        bench.queue.push_used(first.head, 0);

        CHECK(bench.driver.take_used()->id == 2);
        CHECK(bench.driver.take_used()->id == 1);
    }

    TEST_CASE("a descriptor of the wrong round is not available (V10, V21, §2.8.15)") {
        Bench bench(2);
        const auto put = [&](unsigned flags) {
            bench.driver.put_descriptor(
                0, spec::PackedDescriptor{std::uint64_t{0x1000}, 1U, std::uint16_t{0},
                                          static_cast<std::uint16_t>(flags)});
        };
        put(0);
        CHECK(bench.pop().outcome == Outcome::Empty);
        put(spec::kPackedUsed);
        CHECK(bench.pop().outcome == Outcome::Empty);
        put(spec::kPackedAvailable | spec::kPackedUsed);
        CHECK(bench.pop().outcome == Outcome::Empty);
        put(spec::kPackedAvailable);
        CHECK(bench.pop().outcome == Outcome::Chain);
    }

    TEST_CASE("the longest legal list is as long as the queue, direct or not (V02, V21, §2.8.17)") {
        Bench bench(16, kIndirect);

        CHECK(bench.serve(0, buffers_of_one_byte(16)).outcome == Outcome::Chain);
        CHECK(bench.chain.readable().size() == 16);

        bench.driver.offer_indirect(1, buffers_of_one_byte(16));
        CHECK(bench.serve().outcome == Outcome::Chain);
        CHECK(bench.chain.readable().size() == 16);

        bench.driver.offer_indirect(2, buffers_of_one_byte(17));
        CHECK(bench.serve().outcome == Outcome::BadChain);
    }

    TEST_CASE("with a smaller queue than offered a table has the offered length (V02, V21)") {
        Bench bench(4, kIndirect, 16);

        bench.driver.offer_indirect(0, buffers_of_one_byte(16));
        CHECK(bench.serve().outcome == Outcome::Chain);
        bench.driver.offer_indirect(1, buffers_of_one_byte(17));
        CHECK(bench.serve().outcome == Outcome::BadChain);
    }

    TEST_CASE("a list without an end breaks the ring after a queue of steps (V01, V21, §2.8.17)") {
        for (std::uint16_t size = 1; size <= 16; ++size) {
            Bench bench(size);
            for (std::uint16_t index = 0; index < size; ++index) {
                bench.driver.offer_descriptor(spec::PackedDescriptor{std::uint64_t{0x1000}, 16U,
                                                                     index, spec::kDescriptorNext});
            }

            const Popped popped = bench.pop();

            CHECK(popped.outcome == Outcome::BrokenRing);
        }
    }

    TEST_CASE("a list that goes on in what is not available breaks the ring (V21, §2.8.15)") {
        Bench bench(4);
        bench.driver.offer_descriptor(spec::PackedDescriptor{
            std::uint64_t{0x1000}, 16U, std::uint16_t{0}, spec::kDescriptorNext});

        const Popped popped = bench.pop();

        CHECK(popped.outcome == Outcome::BrokenRing);
        CHECK(popped.reason == "descriptor list goes on in a descriptor that is not available");
    }

    TEST_CASE("what is available again while it is in flight breaks the ring (V10, V13, V21)") {
        Bench bench(4);
        bench.driver.offer(0, buffers_of_one_byte(3));
        REQUIRE(bench.pop().outcome == Outcome::Chain);
        bench.driver.offer(1, buffers_of_one_byte(2));  // one more than there is room for

        const Popped popped = bench.pop();

        CHECK(popped.outcome == Outcome::BrokenRing);
        CHECK(popped.reason == "descriptor list is longer than the free part of the ring");
    }

    TEST_CASE("a bad buffer in a list: read to its end, handed back, and on it goes (V04, V21)") {
        Bench bench(4);
        for (std::size_t bad = 0; bad < 3; ++bad) {
            auto buffers = buffers_of_one_byte(3);
            buffers[bad].address = TestGuest::kHole;
            bench.driver.offer(5, buffers);

            const Popped popped = bench.serve();

            CHECK(popped.outcome == Outcome::BadChain);
            CHECK(popped.head == ChainHead{5, 3});
            CHECK(bench.driver.take_used()->id == 5);
            CHECK(bench.serve(6, buffers_of_one_byte(4)).outcome == Outcome::Chain);
        }
    }

    TEST_CASE("a readable buffer behind a writable one is refused (V07, V21, §2.8.17)") {
        Bench bench(4);

        const Popped popped = bench.serve(0, {{0x1000, 1, true}, {0x2000, 1, false}});

        CHECK(popped.outcome == Outcome::BadChain);
        CHECK(popped.reason == "readable buffer after a writable one");
    }

    TEST_CASE("two buffers in flight under one id come back once each (V11, V21)") {
        Bench bench(4);
        bench.driver.offer(3, buffers_of_one_byte(1));
        bench.driver.offer(3, buffers_of_one_byte(1));
        const Popped first = bench.pop();
        const Popped second = bench.pop();
        REQUIRE(second.outcome == Outcome::Chain);

        bench.queue.push_used(second.head, 0);
        bench.queue.push_used(first.head, 0);

        CHECK(bench.driver.take_used()->id == 3);
        CHECK(bench.driver.take_used()->id == 3);
        CHECK_FALSE(bench.driver.take_used().has_value());
    }

    TEST_CASE("a buffer is accepted exactly when it is in one region of RAM (V04, V05, V21)") {
        const std::vector<std::uint64_t> addresses{0,
                                                   1,
                                                   TestGuest::kLowEnd - 1,
                                                   TestGuest::kLowEnd,
                                                   0xfe000000,
                                                   0xb0000000,
                                                   0xfee00000,
                                                   TestGuest::kHighBase - 1,
                                                   TestGuest::kHighBase,
                                                   TestGuest::kHighEnd - 1,
                                                   TestGuest::kHighEnd,
                                                   std::uint64_t{1} << 63,
                                                   ~std::uint64_t{0}};
        const std::vector<std::uint32_t> lengths{0,          1,          4095,       4096,
                                                 0x7fffffff, 0x80000000, 0x80000001, 0xffffffff};
        Bench bench(4);
        for (const std::uint64_t address : addresses) {
            for (const std::uint32_t length : lengths) {
                for (const bool writable : {false, true}) {
                    const bool in_low =
                        address < TestGuest::kLowEnd && length <= TestGuest::kLowEnd - address;
                    const bool in_high = address >= TestGuest::kHighBase &&
                                         address < TestGuest::kHighEnd &&
                                         length <= TestGuest::kHighEnd - address;
                    const bool good = length != 0 && (in_low || in_high);

                    const Popped popped = bench.serve(0, {{address, length, writable}});

                    CHECK((popped.outcome == Outcome::Chain) == good);
                }
            }
        }
    }

    TEST_CASE("indirect tables: every forbidden kind is refused (V09, V21, §2.8.19)") {
        Bench bench(8, kIndirect);
        const std::uint64_t table = bench.guest.allocate(256);
        bench.guest.write(table, spec::PackedDescriptor{std::uint64_t{0x1000}, 1U, std::uint16_t{0},
                                                        std::uint16_t{0}});
        const auto indirect = [&](std::uint64_t address, std::uint32_t length,
                                  unsigned more_flags = 0) {
            bench.driver.offer_descriptor(spec::PackedDescriptor{
                address, length, std::uint16_t{0},
                static_cast<std::uint16_t>(spec::kDescriptorIndirect | more_flags)});
            return bench.serve().outcome;
        };

        CHECK(indirect(table, 16) == Outcome::Chain);
        // §2.8.7: WRITE of the descriptor itself is ignored.
        CHECK(indirect(table, 16, spec::kDescriptorWrite) == Outcome::Chain);
        CHECK(indirect(table, 0) == Outcome::BadChain);
        CHECK(indirect(table, 15) == Outcome::BadChain);
        CHECK(indirect(table, 17) == Outcome::BadChain);
        CHECK(indirect(TestGuest::kHole, 16) == Outcome::BadChain);
        CHECK(indirect(TestGuest::kLowEnd - 16, 32) == Outcome::BadChain);
        CHECK(indirect(~std::uint64_t{0} - 15, 16) == Outcome::BadChain);
        CHECK(indirect(table, 0xfffffff0) == Outcome::BadChain);
        // One that lies in the ring itself is only memory.
        CHECK(indirect(bench.driver.descriptor_address(1), 16) != Outcome::BrokenRing);
    }

    TEST_CASE("in an indirect table WRITE is the only flag, and ids are ignored (§2.8.7)") {
        Bench bench(4, kIndirect);
        const std::uint64_t table = bench.guest.allocate(32);
        bench.guest.write(table,
                          spec::PackedDescriptor{std::uint64_t{0x1000}, 2U, std::uint16_t{77},
                                                 spec::kDescriptorIndirect});
        bench.guest.write(table + 16,
                          spec::PackedDescriptor{std::uint64_t{0x2000}, 3U, std::uint16_t{88},
                                                 std::uint16_t{0xffff}});
        bench.driver.offer_descriptor(
            spec::PackedDescriptor{table, 32U, std::uint16_t{5}, spec::kDescriptorIndirect});

        const Popped popped = bench.pop();

        REQUIRE(popped.outcome == Outcome::Chain);
        CHECK(popped.head == ChainHead{5, 1});
        CHECK(total_size(bench.chain.readable()) == 2);
        CHECK(total_size(bench.chain.writable()) == 3);
    }

    TEST_CASE("an indirect descriptor in a list, at any place, is refused (V09, V21, §2.8.19)") {
        for (std::uint16_t place = 0; place < 3; ++place) {
            Bench bench(4, kIndirect);
            const std::uint64_t table = bench.guest.allocate(16);
            bench.guest.write(table, spec::PackedDescriptor{std::uint64_t{0x1000}, 1U,
                                                            std::uint16_t{0}, std::uint16_t{0}});
            for (std::uint16_t at = 0; at < 3; ++at) {
                const unsigned flags = (at < 2 ? spec::kDescriptorNext : 0U) |
                                       (at == place ? spec::kDescriptorIndirect : 0U);
                bench.driver.offer_descriptor(spec::PackedDescriptor{
                    table, 16U, std::uint16_t{4}, static_cast<std::uint16_t>(flags)});
            }

            const Popped popped = bench.pop();

            CHECK(popped.outcome == Outcome::BadChain);
            CHECK(popped.head == ChainHead{4, 3});
        }
    }

    TEST_CASE("an indirect descriptor is refused when the feature was not negotiated (V09, T07)") {
        Bench bench(4);
        bench.driver.offer_indirect(0, buffers_of_one_byte(1));

        const Popped popped = bench.pop();

        CHECK(popped.outcome == Outcome::BadChain);
        CHECK(popped.reason == "indirect descriptor without VIRTIO_F_INDIRECT_DESC");
    }

    TEST_CASE("a ring whose every byte is the guest's mischief never writes outside (V16, V21)") {
        // The ring is its own data buffer and its own indirect table.
        Bench bench(4, kIndirect);
        const auto ring = static_cast<std::uint32_t>(4 * sizeof(spec::PackedDescriptor));
        bench.driver.offer(0, {{bench.driver.descriptor_address(0), ring, true}});
        const Popped data = bench.serve(ring);
        CHECK(data.outcome == Outcome::Chain);
        bench.driver.offer_descriptor(spec::PackedDescriptor{
            bench.driver.descriptor_address(0), ring, std::uint16_t{1}, spec::kDescriptorIndirect});
        CHECK(bench.serve().outcome == Outcome::BadChain);
    }
}

}  // namespace siskin
