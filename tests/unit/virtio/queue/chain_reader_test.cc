// SPDX-License-Identifier: Apache-2.0
// Proves virtio/queue/chain_reader, chain_writer and descriptor_chain: framing does not matter.
#include "virtio/queue/chain_reader.h"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <numeric>
#include <vector>

#include "tests/harness/test_guest.h"
#include "virtio/queue/chain_writer.h"

namespace siskin {

namespace {

struct Message {
    std::uint32_t first;
    std::uint16_t second;
    std::uint16_t third;
};
static_assert(sizeof(Message) == 8);

constexpr std::size_t kSize = 12;
using Cuts = std::vector<std::size_t>;

// Every way to cut kSize bytes, by the bits of `pattern`.
Cuts sizes_of(unsigned pattern) {
    Cuts sizes;
    std::size_t run = 1;
    for (std::size_t at = 1; at < kSize; ++at) {
        if ((pattern >> (at - 1) & 1) != 0) {
            sizes.push_back(run);
            run = 0;
        }
        ++run;
    }
    sizes.push_back(run);
    return sizes;
}

// The pieces lie apart from each other in guest memory.
DescriptorChain chain_of(const TestGuest& guest, const Cuts& sizes, bool writable) {
    DescriptorChain chain(kSize);
    chain.begin(ChainHead{0});
    std::uint64_t address = 0x1000;
    for (const std::size_t size : sizes) {
        REQUIRE(chain.add(guest.span(address, size), writable));
        address += 0x100;
    }
    return chain;
}

constexpr unsigned kPatterns = 1U << (kSize - 1);

}  // namespace

TEST_SUITE("virtio/queue/chain_reader") {
    TEST_CASE("a message reads the same however it is cut (V08, virtio 1.2 §2.7.4.1)") {
        const TestGuest guest;
        unsigned wrong = 0;
        for (unsigned pattern = 0; pattern < kPatterns; ++pattern) {
            const DescriptorChain chain = chain_of(guest, sizes_of(pattern), false);
            std::uint8_t next = 1;
            for (const GuestSpan& piece : chain.readable()) {
                for (std::size_t at = 0; at < piece.size(); ++at) {
                    piece.write(next++, at);
                }
            }

            ChainReader reader(chain);
            const auto message = reader.read<Message>();
            const bool right = message && message->first == 0x04030201 &&
                               message->second == 0x0605 && message->third == 0x0807 &&
                               reader.remaining() == 4 && reader.read<std::uint32_t>() &&
                               reader.remaining() == 0 && !reader.read<std::uint8_t>();
            wrong += right ? 0 : 1;
        }

        CHECK(wrong == 0);
    }

    TEST_CASE("a message that is cut short by a byte is nothing") {
        const TestGuest guest;
        const DescriptorChain chain = chain_of(guest, {4, 3}, false);

        CHECK_FALSE(ChainReader(chain).read<Message>().has_value());
    }

    TEST_CASE("a cursor yields runs of at most what is asked, then nothing") {
        const TestGuest guest;
        const DescriptorChain chain = chain_of(guest, {4, 3}, false);
        BufferCursor cursor(chain.readable());

        CHECK(cursor.next(0).size() == 0);
        CHECK(cursor.next(3).size() == 3);
        CHECK(cursor.next(100).size() == 1);
        CHECK(cursor.remaining() == 3);
        CHECK(cursor.next(100).size() == 3);
        CHECK(cursor.next(100).size() == 0);
        CHECK(cursor.remaining() == 0);
    }
}

TEST_SUITE("virtio/queue/chain_writer") {
    TEST_CASE("a message is written the same however the room is cut (virtio 1.2 §2.7.4.1)") {
        const TestGuest guest;
        std::array<std::uint8_t, kSize> bytes{};
        std::iota(bytes.begin(), bytes.end(), std::uint8_t{1});
        unsigned wrong = 0;
        for (unsigned pattern = 0; pattern < kPatterns; ++pattern) {
            guest.fill(0x1000, 0x100 * kSize, 0xee);
            const DescriptorChain chain = chain_of(guest, sizes_of(pattern), true);
            ChainWriter writer(chain);

            std::uint64_t done = writer.write(bytes);
            done += writer.write(std::uint8_t{99});

            std::uint8_t next = 1;
            bool right = done == kSize && writer.written() == kSize && writer.remaining() == 0;
            for (const GuestSpan& piece : chain.writable()) {
                for (std::size_t at = 0; at < piece.size(); ++at) {
                    right = right && piece.read<std::uint8_t>(at) == next++;
                }
                right = right && *(piece.data() + piece.size()) == std::byte{0xee};
            }
            wrong += right ? 0 : 1;
        }

        CHECK(wrong == 0);
    }
}

TEST_SUITE("virtio/queue/descriptor_chain") {
    TEST_CASE("a chain takes as many buffers as it has room for, readable ones first") {
        const TestGuest guest;
        DescriptorChain chain(2);
        chain.begin(ChainHead{5});

        CHECK(chain.add(guest.span(0x1000, 4), true));
        CHECK_FALSE(chain.add(guest.span(0x1000, 4), false));
        CHECK(chain.add(guest.span(0x2000, 4), true));
        CHECK_FALSE(chain.add(guest.span(0x3000, 4), true));
        CHECK(chain.readable().empty());
        CHECK(chain.writable().size() == 2);

        chain.begin(ChainHead{6});
        CHECK(chain.count() == 0);
        CHECK(chain.head() == ChainHead{6});
    }
}

}  // namespace siskin
