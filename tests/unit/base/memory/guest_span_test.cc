// SPDX-License-Identifier: Apache-2.0
// Proves base/memory/guest_span.
#include "base/memory/guest_span.h"

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/endian.h"

namespace siskin {
namespace {

struct Pair {
    le16 first;
    le16 second;
};

static_assert(GuestReadable<Pair>);

}  // namespace

TEST_SUITE("base/memory/guest_span") {
    TEST_CASE("a copy is taken, so later changes of the guest do not reach it") {
        alignas(8) std::array<std::byte, 8> bytes{};
        const GuestSpan span(bytes.data(), bytes.size());
        span.write(Pair{1, 2}, 4);

        const auto copy = span.read<Pair>(4);
        bytes[4] = std::byte{99};

        CHECK(copy.first.value() == 1);
        CHECK(copy.second.value() == 2);
        CHECK(span.read<Pair>(4).first.value() == 99);
    }

    TEST_CASE("an object may lie at any offset") {
        alignas(8) std::array<std::byte, 9> bytes{};
        const GuestSpan span(bytes.data(), bytes.size());

        span.write(std::uint64_t{0x0807'0605'0403'0201}, 1);

        CHECK(bytes[0] == std::byte{0});
        CHECK(bytes[1] == std::byte{1});
        CHECK(bytes[8] == std::byte{8});
        CHECK(span.read<std::uint64_t>(1) == 0x0807'0605'0403'0201);
    }

    TEST_CASE("a shared index is loaded and stored as one integer") {
        alignas(8) std::array<std::byte, 8> bytes{};
        const GuestSpan span(bytes.data(), bytes.size());

        span.store(std::uint16_t{0xabcd}, 2, std::memory_order_release);

        CHECK(span.load<std::uint16_t>(2, std::memory_order_acquire) == 0xabcd);
        CHECK(bytes[2] == std::byte{0xcd});
        CHECK(bytes[4] == std::byte{0});
    }

    TEST_CASE("a default span is empty") {
        CHECK(GuestSpan().size() == 0);
        CHECK(GuestSpan().data() == nullptr);
    }
}

}  // namespace siskin
