// SPDX-License-Identifier: Apache-2.0
// Proves virtio/queue/split_queue: what is popped, and the rings' bookkeeping.
#include "virtio/queue/split_queue.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <numeric>
#include <vector>

#include "tests/harness/driver_queue.h"
#include "tests/harness/test_guest.h"

namespace siskin {

namespace spec = virtio_spec;
using Outcome = Popped::Outcome;

namespace {

constexpr FeatureSet kIndirect{spec::kFeatureRingIndirectDesc};
constexpr FeatureSet kEventIndex{spec::kFeatureRingEventIdx};

std::vector<DriverBuffer> buffers_of_one_byte(std::size_t count) {
    return std::vector<DriverBuffer>(count, DriverBuffer{0x1000, 1, false});
}

// What the device makes of one chain that is offered now.
Popped pop_one(DriverQueue& driver, SplitQueue& queue, DescriptorChain& chain, std::uint16_t head) {
    driver.put_available(head);
    return queue.pop(chain);
}

}  // namespace

TEST_SUITE("virtio/queue/split_queue") {
    TEST_CASE("a queue without offers is empty") {
        TestGuest guest;
        DriverQueue driver(guest, 4);
        SplitQueue queue = driver.device_side();
        DescriptorChain chain(4);

        CHECK(queue.pop(chain).outcome == Outcome::Empty);
    }

    TEST_CASE("a chain is its buffers in order, readable ones before writable ones (§2.7.4.2)") {
        TestGuest guest;
        DriverQueue driver(guest, 8);
        SplitQueue queue = driver.device_side();
        DescriptorChain chain(8);
        driver.put_chain(3, {{0x1000, 16, false}, {0x2000, 512, false}, {0x3000, 4, true}});

        const Popped popped = pop_one(driver, queue, chain, 3);

        REQUIRE(popped.outcome == Outcome::Chain);
        CHECK(popped.head == ChainHead{3});
        CHECK(chain.head() == ChainHead{3});
        REQUIRE(chain.readable().size() == 2);
        REQUIRE(chain.writable().size() == 1);
        CHECK(chain.readable()[1].data() == guest.span(0x2000, 1).data());
        CHECK(chain.readable()[1].size() == 512);
        CHECK(total_size(chain.readable()) == 528);
        CHECK(total_size(chain.writable()) == 4);
    }

    TEST_CASE(
        "a looped chain of any length is an error after at most a queue of steps (V01, §2.7.5.2)") {
        for (std::uint16_t length = 1; length <= 16; ++length) {
            TestGuest guest;
            DriverQueue driver(guest, 16);
            SplitQueue queue = driver.device_side();
            DescriptorChain chain(16);
            std::vector<std::uint16_t> circle(length);
            std::iota(circle.begin(), circle.end(), std::uint16_t{0});

            const Popped popped = pop_one(driver, queue, chain, driver.link_in_a_circle(circle));

            REQUIRE(popped.outcome == Outcome::BadChain);
            CHECK(popped.reason == "descriptor chain is longer than the queue");
            driver.put_chain(0, {{0x1000, 1, false}});
            CHECK(pop_one(driver, queue, chain, 0).outcome == Outcome::Chain);
        }
    }

    TEST_CASE("the longest legal chain is as long as the queue, direct or not (V02, §2.7.5.3.1)") {
        TestGuest guest;
        DriverQueue driver(guest, 16);
        SplitQueue queue = driver.device_side(kIndirect);
        DescriptorChain chain(16);

        driver.put_chain(0, buffers_of_one_byte(16));
        CHECK(pop_one(driver, queue, chain, 0).outcome == Outcome::Chain);
        CHECK(chain.readable().size() == 16);

        driver.put_indirect(0, buffers_of_one_byte(16));
        CHECK(pop_one(driver, queue, chain, 0).outcome == Outcome::Chain);
        CHECK(chain.readable().size() == 16);

        driver.put_indirect(0, buffers_of_one_byte(17));
        CHECK(pop_one(driver, queue, chain, 0).outcome == Outcome::BadChain);
    }

    TEST_CASE("direct descriptors may be followed by one indirect one (§2.7.5.3.2)") {
        TestGuest guest;
        DriverQueue driver(guest, 4);
        SplitQueue queue = driver.device_side(kIndirect);
        DescriptorChain chain(4);
        driver.put_chain(0, {{0x1000, 16, false}, {0x2000, 1, false}});
        driver.put_indirect(1, {{0x3000, 8, false}, {0x4000, 1, true}});

        REQUIRE(pop_one(driver, queue, chain, 0).outcome == Outcome::Chain);
        CHECK(total_size(chain.readable()) == 24);
        CHECK(total_size(chain.writable()) == 1);
    }

    TEST_CASE("with a smaller queue than offered an indirect chain has the offered length") {
        TestGuest guest;
        DriverQueue driver(guest, 4);
        SplitQueue queue = driver.device_side(kIndirect, 16);
        DescriptorChain chain(16);

        driver.put_indirect(0, buffers_of_one_byte(16));
        CHECK(pop_one(driver, queue, chain, 0).outcome == Outcome::Chain);
        driver.put_indirect(0, buffers_of_one_byte(17));
        CHECK(pop_one(driver, queue, chain, 0).outcome == Outcome::BadChain);
        driver.link_in_a_circle({0, 1, 2, 3});
        CHECK(pop_one(driver, queue, chain, 0).outcome == Outcome::BadChain);
    }

    TEST_CASE("a head outside the table is passed over and the ring lives on (V03)") {
        TestGuest guest;
        DriverQueue driver(guest, 4);
        SplitQueue queue = driver.device_side();
        DescriptorChain chain(4);
        driver.put_chain(0, {{0x1000, 1, false}});

        CHECK(pop_one(driver, queue, chain, 4).outcome == Outcome::BadHead);
        CHECK(pop_one(driver, queue, chain, 0xffff).outcome == Outcome::BadHead);
        CHECK(pop_one(driver, queue, chain, 0).outcome == Outcome::Chain);
    }

    TEST_CASE("a next outside the table is an error and the ring lives on (V03)") {
        TestGuest guest;
        DriverQueue driver(guest, 4);
        SplitQueue queue = driver.device_side();
        DescriptorChain chain(4);
        for (const unsigned next : {4U, 5U, 0x8000U, 0xffffU}) {
            driver.put_descriptor(0,
                                  spec::Descriptor{std::uint64_t{0x1000}, 1U, spec::kDescriptorNext,
                                                   static_cast<std::uint16_t>(next)});
            CHECK(pop_one(driver, queue, chain, 0).outcome == Outcome::BadChain);
        }
        driver.put_chain(0, {{0x1000, 1, false}});
        CHECK(pop_one(driver, queue, chain, 0).outcome == Outcome::Chain);
    }

    TEST_CASE("a readable buffer behind a writable one is an error (V07, §2.7.4.2)") {
        TestGuest guest;
        DriverQueue driver(guest, 4);
        SplitQueue queue = driver.device_side();
        DescriptorChain chain(4);
        driver.put_chain(0, {{0x1000, 1, true}, {0x2000, 1, false}});

        const Popped popped = pop_one(driver, queue, chain, 0);

        CHECK(popped.outcome == Outcome::BadChain);
        CHECK(popped.reason == "readable buffer after a writable one");
    }

    TEST_CASE(
        "a buffer is accepted exactly when every byte of it is in one region of RAM (V04, V05)") {
        TestGuest guest;
        DriverQueue driver(guest, 4);
        SplitQueue queue = driver.device_side();
        DescriptorChain chain(4);
        const std::vector<std::uint64_t> addresses{0,
                                                   1,
                                                   TestGuest::kLowEnd - 1,
                                                   TestGuest::kLowEnd,
                                                   TestGuest::kHole,
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
        for (const std::uint64_t address : addresses) {
            for (const std::uint32_t length : lengths) {
                for (const bool writable : {false, true}) {
                    const bool in_low =
                        address < TestGuest::kLowEnd && length <= TestGuest::kLowEnd - address;
                    const bool in_high = address >= TestGuest::kHighBase &&
                                         address < TestGuest::kHighEnd &&
                                         length <= TestGuest::kHighEnd - address;
                    const bool good = length != 0 && (in_low || in_high);
                    driver.put_chain(0, {{address, length, writable}});

                    const Popped popped = pop_one(driver, queue, chain, 0);

                    CHECK((popped.outcome == Outcome::Chain) == good);
                }
            }
        }
    }

    TEST_CASE("indirect tables: every forbidden kind is an error (V09, §2.7.5.3.1)") {
        TestGuest guest;
        DriverQueue driver(guest, 8);
        SplitQueue queue = driver.device_side(kIndirect);
        DescriptorChain chain(8);
        const std::uint64_t table = guest.allocate(256);
        guest.write(
            table, spec::Descriptor{std::uint64_t{0x1000}, 1U, std::uint16_t{0}, std::uint16_t{0}});
        const auto indirect = [&](std::uint64_t address, std::uint32_t length,
                                  unsigned more_flags = 0) {
            driver.put_descriptor(
                0,
                spec::Descriptor{address, length,
                                 static_cast<std::uint16_t>(spec::kDescriptorIndirect | more_flags),
                                 std::uint16_t{1}});
            return pop_one(driver, queue, chain, 0).outcome;
        };

        CHECK(indirect(table, 16) == Outcome::Chain);
        // §2.7.5.3.2: the write flag of the descriptor itself is ignored.
        CHECK(indirect(table, 16, spec::kDescriptorWrite) == Outcome::Chain);
        CHECK(indirect(table, 16, spec::kDescriptorNext) == Outcome::BadChain);
        CHECK(indirect(table, 0) == Outcome::BadChain);
        CHECK(indirect(table, 15) == Outcome::BadChain);
        CHECK(indirect(table, 17) == Outcome::BadChain);
        CHECK(indirect(TestGuest::kHole, 16) == Outcome::BadChain);
        CHECK(indirect(TestGuest::kLowEnd - 16, 32) == Outcome::BadChain);
        CHECK(indirect(~std::uint64_t{0} - 15, 16) == Outcome::BadChain);
        CHECK(indirect(table, 0xfffffff0) == Outcome::BadChain);
        // One that lies in the descriptor table itself is only memory.
        driver.put_chain(1, {{0x1000, 1, false}});
        CHECK(indirect(driver.descriptor_address(1), 16) == Outcome::Chain);
        // Nested.
        guest.write(table,
                    spec::Descriptor{table, 16U, spec::kDescriptorIndirect, std::uint16_t{0}});
        CHECK(indirect(table, 16) == Outcome::BadChain);
        // A loop, and a next outside the table.
        guest.write(table, spec::Descriptor{std::uint64_t{0x1000}, 1U, spec::kDescriptorNext,
                                            std::uint16_t{0}});
        CHECK(indirect(table, 16) == Outcome::BadChain);
        guest.write(table, spec::Descriptor{std::uint64_t{0x1000}, 1U, spec::kDescriptorNext,
                                            std::uint16_t{1}});
        CHECK(indirect(table, 16) == Outcome::BadChain);
    }

    TEST_CASE("an indirect descriptor is an error when the feature was not negotiated (V09, T07)") {
        TestGuest guest;
        DriverQueue driver(guest, 4);
        SplitQueue queue = driver.device_side();
        DescriptorChain chain(4);
        driver.put_indirect(0, {{0x1000, 1, false}});

        const Popped popped = pop_one(driver, queue, chain, 0);

        CHECK(popped.outcome == Outcome::BadChain);
        CHECK(popped.reason == "indirect descriptor without VIRTIO_F_INDIRECT_DESC");
    }

    TEST_CASE("an available index that jumps or goes back breaks the ring (V10, §2.7.13.3)") {
        for (const unsigned index : {5U, 6U, 32768U, 65535U}) {
            TestGuest guest;
            DriverQueue driver(guest, 4);
            SplitQueue queue = driver.device_side();
            DescriptorChain chain(4);
            driver.set_available_index(static_cast<std::uint16_t>(index));

            CHECK(queue.pop(chain).outcome == Outcome::BrokenRing);
        }
    }

    TEST_CASE("an available index that moves by the whole queue is legal") {
        TestGuest guest;
        DriverQueue driver(guest, 4);
        SplitQueue queue = driver.device_side();
        DescriptorChain chain(4);
        driver.put_chain(0, {{0x1000, 1, false}});
        driver.set_available_index(4);

        for (int taken = 0; taken < 4; ++taken) {
            CHECK(queue.pop(chain).outcome == Outcome::Chain);
        }
        CHECK(queue.pop(chain).outcome == Outcome::Empty);
    }

    TEST_CASE("70,000 requests pass the wrap of both indices (V10)") {
        TestGuest guest;
        DriverQueue driver(guest, 8);
        SplitQueue queue = driver.device_side(kEventIndex);
        DescriptorChain chain(8);
        for (std::uint16_t index = 0; index < 8; ++index) {
            driver.put_chain(index, {{0x1000, 1, true}});
        }
        unsigned wrong = 0;
        for (std::uint32_t request = 0; request < 70000; ++request) {
            const auto head = static_cast<std::uint16_t>((request * 3) % 8);
            driver.put_available(head);
            const Popped popped = queue.pop(chain);
            queue.push_used(popped.head, request);
            const auto used = driver.take_used();
            wrong += popped.outcome == Outcome::Chain && used && used->id == head &&
                             used->length == request
                         ? 0
                         : 1;
        }

        CHECK(wrong == 0);
        CHECK(driver.used_index() == static_cast<std::uint16_t>(70000));
        CHECK(queue.pop(chain).outcome == Outcome::Empty);
    }

    TEST_CASE("a used entry that the guest has overwritten does not disturb the device (V15)") {
        TestGuest guest;
        DriverQueue driver(guest, 4);
        SplitQueue queue = driver.device_side();
        guest.fill(driver.config().device_area.value(), 38, 0xff);

        queue.push_used(ChainHead{2}, 7);

        CHECK(driver.used_index() == 1);
        CHECK(driver.take_used()->id == 2);
    }
}

}  // namespace siskin
