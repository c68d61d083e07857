// SPDX-License-Identifier: Apache-2.0
// Proves virtio/vhost_user/shadow_ring by what lies in its memory.
#include "virtio/vhost_user/shadow_ring.h"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>

#include <unistd.h>

#include "virtio/spec.h"
#include "virtio/vhost_user/ring_memory.h"

namespace siskin {

namespace spec = virtio_spec;

namespace {

constexpr std::uint16_t kEntries = 8;

struct Bench {
    ShadowRing& ring() { return memory.rings().front(); }
    GuestSpan used() { return {ring().used(), 4 + kEntries * 8}; }
    GuestSpan available() { return {ring().available(), 4 + kEntries * 2}; }
    spec::Descriptor entry(std::uint16_t number) {
        return GuestSpan(ring().descriptors(), kEntries * 16)
            .read<spec::Descriptor>(number * std::size_t{16});
    }
    void give_back(std::uint16_t number, std::uint16_t index) {
        used().write(spec::UsedElement{number, 0U}, 4 + (index - 1U) % kEntries * 8);
        used().store(index, 2, std::memory_order_release);
    }

    RingMemory memory = std::move(*RingMemory::create(2, kEntries));
    std::array<std::byte, 512> data{};
    iovec buffer{data.data(), data.size()};
};

}  // namespace

TEST_SUITE("virtio/vhost_user/shadow_ring") {
    TEST_CASE("the parts of a ring are aligned as §2.7 asks, and two rings do not meet") {
        Bench bench;
        const auto address = [](const std::byte* at) {
            return reinterpret_cast<std::uintptr_t>(at);
        };
        CHECK(address(bench.ring().descriptors()) % spec::kDescriptorTableAlignment == 0);
        CHECK(address(bench.ring().available()) % spec::kAvailableRingAlignment == 0);
        CHECK(address(bench.ring().used()) % spec::kUsedRingAlignment == 0);
        CHECK(address(bench.memory.rings()[1].descriptors()) >=
              address(bench.ring().descriptors()) + ShadowRing::memory_size(kEntries));
    }

    TEST_CASE("a read is a table of header, data to write and status (§2.7.5.3, §5.2.6)") {
        Bench bench;
        const std::uint16_t number =
            bench.ring().put(spec::BlockRequestHeader{spec::kBlockRead, 0U, std::uint64_t{9}},
                             std::span(&bench.buffer, 1), true);
        CHECK(bench.available().load<std::uint16_t>(2, std::memory_order_acquire) == 0);
        CHECK(bench.ring().publish());

        CHECK(bench.available().load<std::uint16_t>(2, std::memory_order_acquire) == 1);
        CHECK(bench.available().read<le16>(4) == number);
        const spec::Descriptor entry = bench.entry(number);
        CHECK(entry.flags == spec::kDescriptorIndirect);
        REQUIRE(entry.length == 3 * 16);
        const auto* const table = reinterpret_cast<const spec::Descriptor*>(entry.address.value());
        CHECK(table[0].length == 16);
        CHECK(table[0].flags == spec::kDescriptorNext);
        CHECK(reinterpret_cast<const spec::BlockRequestHeader*>(table[0].address.value())->sector ==
              9);
        CHECK(table[1].address == reinterpret_cast<std::uintptr_t>(bench.data.data()));
        CHECK(table[1].length == 512);
        CHECK(table[1].flags == (spec::kDescriptorNext | spec::kDescriptorWrite));
        CHECK(table[2].length == 1);
        CHECK(table[2].flags == spec::kDescriptorWrite);
    }

    TEST_CASE("who does not want to be notified is not (§2.7.10)") {
        Bench bench;
        bench.used().store<std::uint16_t>(spec::kUsedNoNotify, 0, std::memory_order_release);
        [[maybe_unused]] const auto number =
            bench.ring().put(spec::BlockRequestHeader{spec::kBlockFlush, 0U, 0U}, {}, false);

        CHECK_FALSE(bench.ring().publish());
    }

    TEST_CASE("as many requests as entries are under way, and each comes back once") {
        Bench bench;
        for (unsigned count = 0; count < kEntries; ++count) {
            REQUIRE(bench.ring().has_room());
            [[maybe_unused]] const auto number =
                bench.ring().put(spec::BlockRequestHeader{spec::kBlockFlush, 0U, 0U}, {}, false);
        }
        CHECK_FALSE(bench.ring().has_room());
        bench.give_back(3, 1);

        const auto first = bench.ring().take();
        REQUIRE((first && *first));
        CHECK((*first)->number == 3);
        CHECK((*first)->status == 0xff);
        const auto none = bench.ring().take();
        CHECK((none && !*none));
        bench.give_back(3, 2);
        CHECK_FALSE(bench.ring().take().has_value());
    }

    TEST_CASE("its memory cannot be cut short by whoever it is shared with") {
        Bench bench;
        CHECK(::ftruncate(bench.memory.file().get(), 0) != 0);
    }
}

}  // namespace siskin
