// SPDX-License-Identifier: Apache-2.0
// Proves base/bus/address_space.
#include "base/bus/address_space.h"

#include <doctest/doctest.h>

#include <atomic>
#include <cstdint>
#include <limits>
#include <string_view>
#include <thread>
#include <vector>

namespace siskin {
namespace {

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

// Answers each read with its name and the offset it was asked for; remembers the last write.
class Recorder final : public IoHandler {
public:
    explicit Recorder(std::uint64_t name) : name_(name) {}

    std::uint64_t read(IoAccess access) override {
        return name_ << 32U | (access.offset & 0xffff'ffff);
    }
    void write(IoAccess access, std::uint64_t value) override {
        last_ = access;
        written_ = value;
        ++writes_;
    }

    std::uint64_t name_;
    IoAccess last_{0, 0};
    std::uint64_t written_ = 0;
    int writes_ = 0;
};

struct Bus {
    AddressSpace space;
    MachineLock lock;
    AddressSpaceReader reader{space, lock};
    Recorder platform{1};
    Recorder first{2};
    Recorder second{3};

    std::uint64_t name_at(std::uint64_t address) { return reader.read(address, 8) >> 32U; }
    std::uint64_t offset_at(std::uint64_t address) { return reader.read(address, 4); }
};

constexpr std::uint64_t kNobody = 0xffff'ffff;

}  // namespace

TEST_SUITE("base/bus/address_space") {
    TEST_CASE("an access reaches its handler at the offset inside the handler's region") {
        Bus bus;
        REQUIRE(bus.space.add({0x1000, 0x100, &bus.platform, 0x40}).has_value());

        CHECK(bus.name_at(0x1000) == 1);
        CHECK(bus.offset_at(0x1010) == 0x50);
        bus.reader.write(0x1020, 2, 0x1234'5678);
        CHECK(bus.platform.last_.offset == 0x60);
        CHECK(bus.platform.last_.width == 2);
        CHECK(bus.platform.written_ == 0x5678);
    }

    TEST_CASE("where nobody is, a read gives ones of its width and a write is dropped") {
        Bus bus;

        CHECK(bus.reader.read(0, 1) == 0xff);
        CHECK(bus.reader.read(0, 2) == 0xffff);
        CHECK(bus.reader.read(kMax, 4) == 0xffff'ffff);
        CHECK(bus.reader.read(kMax - 7, 8) == kMax);
        bus.reader.write(0x1000, 4, 1);
        CHECK(bus.platform.writes_ == 0);
    }

    TEST_CASE("an access that reaches out of a range is answered in the part that does not") {
        Bus bus;
        REQUIRE(bus.space.add({0x1000, 0x10, &bus.platform, 0}).has_value());

        CHECK(bus.offset_at(0x100c) == 0xc);
        CHECK(bus.reader.read(0x100e, 4) == 0xffff'000e);
        CHECK(bus.reader.read(0x0fff, 2) == 0x00ff);
        CHECK(bus.reader.read(0x1010, 1) == 0xff);
    }

    TEST_CASE("an access across the border of two handlers goes to both") {
        Bus bus;
        REQUIRE(bus.space.add({0x1000, 0x10, &bus.platform, 0}).has_value());
        REQUIRE(bus.space.add({0x1010, 0x10, &bus.first, 0}).has_value());

        bus.reader.write(0x100e, 4, 0x11223344);

        CHECK(bus.reader.read(0x100e, 4) == 0x0000'000e);
        CHECK(bus.platform.last_.offset == 0xe);
        CHECK(bus.platform.last_.width == 2);
        CHECK(bus.platform.written_ == 0x3344);
        CHECK(bus.first.last_.offset == 0);
        CHECK(bus.first.written_ == 0x1122);
    }

    TEST_CASE("a range of one byte inside a wider access gets its byte") {
        Bus bus;
        REQUIRE(bus.space.add({0x92, 1, &bus.platform, 0}).has_value());

        bus.reader.write(0x90, 4, 0xaabbccdd);

        CHECK(bus.reader.read(0x90, 4) == 0xff00'ffff);
        CHECK(bus.platform.writes_ == 1);
        CHECK(bus.platform.written_ == 0xbb);
    }

    TEST_CASE("a value read is cut to the width of the access") {
        Bus bus;
        REQUIRE(bus.space.add({0, 0x1000, &bus.platform, 0}).has_value());

        CHECK(bus.reader.read(0x123, 1) == 0x23);
        CHECK(bus.reader.read(0x123, 2) == 0x123);
    }

    TEST_CASE("platform ranges may touch and not meet") {
        Bus bus;
        REQUIRE(bus.space.add({0x1000, 0x100, &bus.platform, 0}).has_value());

        const auto refused = bus.space.add({0x10ff, 1, &bus.first, 0});

        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().message ==
              "address range 0x10ff..0x10ff is in use by another device");
        CHECK_FALSE(bus.space.add({0x0f00, 0x101, &bus.first, 0}).has_value());
        CHECK_FALSE(bus.space.add({0, kMax, &bus.first, 0}).has_value());
        CHECK(bus.space.add({0x1100, 1, &bus.first, 0}).has_value());
        CHECK(bus.space.add({0x0fff, 1, &bus.first, 0}).has_value());
    }

    TEST_CASE("an empty range and one that wraps are refused, the last byte of the space is not") {
        Bus bus;

        CHECK_FALSE(bus.space.add({0x1000, 0, &bus.platform, 0}).has_value());
        CHECK_FALSE(bus.space.add({kMax, 2, &bus.platform, 0}).has_value());
        CHECK_FALSE(bus.space.add({2, kMax, &bus.platform, 0}).has_value());
        CHECK(bus.space.add({1, kMax, &bus.platform, 0}).has_value());
    }

    TEST_CASE("the last byte of the space answers") {
        Bus bus;
        REQUIRE(bus.space.add({kMax, 1, &bus.platform, 0}).has_value());

        CHECK(bus.reader.read(kMax, 1) == 0);
        CHECK(bus.reader.read(kMax, 2) == 0xff00);
    }

    TEST_CASE("removing a handler takes all its ranges and no other's") {
        Bus bus;
        REQUIRE(bus.space.add({0x1000, 0x10, &bus.platform, 0}).has_value());
        REQUIRE(bus.space.add({0x2000, 0x10, &bus.platform, 0}).has_value());
        REQUIRE(bus.space.add({0x3000, 0x10, &bus.first, 0}).has_value());

        bus.space.remove(bus.platform);

        CHECK(bus.name_at(0x1000) == kNobody);
        CHECK(bus.name_at(0x2000) == kNobody);
        CHECK(bus.name_at(0x3000) == 2);
        CHECK(bus.space.add({0x1000, 0x10, &bus.second, 0}).has_value());
    }
}

TEST_SUITE("base/bus/address_space: PCI layer") {
    TEST_CASE("the platform wins over PCI, which keeps the parts before and behind") {
        Bus bus;
        REQUIRE(bus.space.add({0x1100, 0x100, &bus.platform, 0}).has_value());

        bus.space.set_pci_ranges({{0x1000, 0x300, &bus.first, 0}});

        CHECK(bus.name_at(0x10f8) == 2);
        CHECK(bus.offset_at(0x10fc) == 0xfc);
        CHECK(bus.name_at(0x1100) == 1);
        CHECK(bus.name_at(0x11f8) == 1);
        CHECK(bus.name_at(0x1200) == 2);
        CHECK(bus.offset_at(0x1200) == 0x200);
    }

    TEST_CASE("of two PCI ranges that meet, the earlier in the list wins") {
        Bus bus;

        bus.space.set_pci_ranges({{0x1080, 0x80, &bus.second, 0}, {0x1000, 0x100, &bus.first, 0}});

        CHECK(bus.name_at(0x1078) == 2);
        CHECK(bus.name_at(0x1080) == 3);
        CHECK(bus.offset_at(0x1080) == 0);
        CHECK(bus.name_at(0x10f8) == 3);
    }

    TEST_CASE("a PCI range cut into several parts keeps them all") {
        Bus bus;
        for (const std::uint64_t base : {0x1000ULL, 0x1200ULL, 0x1400ULL}) {
            REQUIRE(bus.space.add({base, 0x100, &bus.platform, 0}).has_value());
        }

        bus.space.set_pci_ranges({{0x0f00, 0x700, &bus.first, 0}});

        for (const std::uint64_t base : {0x0f00ULL, 0x1100ULL, 0x1300ULL, 0x1500ULL}) {
            CHECK(bus.name_at(base) == 2);
            CHECK(bus.offset_at(base) == base - 0x0f00);
        }
        for (const std::uint64_t base : {0x1000ULL, 0x1200ULL, 0x1400ULL}) {
            CHECK(bus.name_at(base) == 1);
        }
    }

    TEST_CASE("a PCI range wholly covered is nowhere, and comes back when the cover goes") {
        Bus bus;
        REQUIRE(bus.space.add({0x1000, 0x1000, &bus.platform, 0}).has_value());
        bus.space.set_pci_ranges({{0x1400, 0x100, &bus.first, 0}});
        CHECK(bus.name_at(0x1400) == 1);

        bus.space.remove(bus.platform);

        CHECK(bus.name_at(0x1400) == 2);
    }

    TEST_CASE("ranges a guest made empty or wrapping are left out, the others stay") {
        Bus bus;

        bus.space.set_pci_ranges({{0x1000, 0, &bus.first, 0},
                                  {kMax - 0xff, 0x200, &bus.first, 0},
                                  {kMax - 0xff, 0x100, &bus.second, 0}});

        CHECK(bus.name_at(0x1000) == kNobody);
        CHECK(bus.name_at(kMax - 7) == 3);
    }

    TEST_CASE("a PCI range may cover the whole space around the platform") {
        Bus bus;
        REQUIRE(bus.space.add({kMax - 0xff, 0x100, &bus.platform, 0}).has_value());

        bus.space.set_pci_ranges({{0, kMax, &bus.first, 0}});

        CHECK(bus.name_at(0) == 2);
        CHECK(bus.name_at(kMax - 0x107) == 2);
        CHECK(bus.name_at(kMax - 7) == 1);
    }

    TEST_CASE("setting the ranges replaces those set before") {
        Bus bus;
        bus.space.set_pci_ranges({{0x1000, 0x10, &bus.first, 0}});

        bus.space.set_pci_ranges({{0x2000, 0x10, &bus.first, 0}});

        CHECK(bus.name_at(0x1000) == kNobody);
        CHECK(bus.name_at(0x2000) == 2);
    }
}

TEST_SUITE("base/bus/address_space: publication") {
    TEST_CASE("each change has a number of its own, a refused one changes nothing") {
        Bus bus;
        const std::uint64_t start = bus.space.generation();
        REQUIRE(bus.space.add({0, 1, &bus.platform, 0}).has_value());
        const std::uint64_t added = bus.space.generation();

        CHECK_FALSE(bus.space.add({0, 1, &bus.platform, 0}).has_value());

        CHECK(added != start);
        CHECK(bus.space.generation() == added);
        bus.space.set_pci_ranges({{0x1000, 0x10, &bus.first, 0}});
        CHECK(bus.space.generation() != added);
    }

    TEST_CASE("ranges that are there already make no new map, and others do, whatever differs") {
        Bus bus;
        const std::string_view name = "one";
        const IoRange there{0x1000, 0x10, &bus.first, 0, name};
        bus.space.set_pci_ranges({there});
        const std::uint64_t before = bus.space.generation();

        bus.space.set_pci_ranges({there});

        CHECK(bus.space.generation() == before);
        const std::vector<IoRange> others{{0x1001, 0x10, &bus.first, 0, name},
                                          {0x1001, 0x11, &bus.first, 0, name},
                                          {0x1001, 0x11, &bus.second, 0, name},
                                          {0x1001, 0x11, &bus.second, 1, name},
                                          {0x1001, 0x11, &bus.second, 1, name.substr(0, 2)},
                                          {0x1001, 0x11, &bus.second, 1, name.substr(1, 2)}};
        for (std::uint64_t change = 0; change < others.size(); ++change) {
            bus.space.set_pci_ranges({others.at(change)});
            CHECK(bus.space.generation() == before + change + 1);
        }
    }

    TEST_CASE("a range of which others hold parts keeps each part between them, at its offset") {
        Bus bus;
        bus.space.set_pci_ranges({{0x1100, 0x100, &bus.second, 0},
                                  {0x1300, 0x100, &bus.second, 0},
                                  {0x1000, 0x500, &bus.first, 0}});

        CHECK(bus.space.map()->size() == 5);
        CHECK(bus.name_at(0x10f0) == 2);
        CHECK(bus.name_at(0x1100) == 3);
        CHECK(bus.offset_at(0x1200) == 0x200);
        CHECK(bus.name_at(0x1300) == 3);
        CHECK(bus.offset_at(0x14fc) == 0x4fc);
        CHECK(bus.name_at(0x1500) == kNobody);
    }

    TEST_CASE("a map that was taken stays as it was") {
        Bus bus;
        REQUIRE(bus.space.add({0, 1, &bus.platform, 0}).has_value());
        const auto before = bus.space.map();

        bus.space.remove(bus.platform);

        CHECK(before->size() == 1);
        CHECK(bus.space.map()->empty());
    }

    TEST_CASE("readers on other threads see the old handler or the new one, never a third thing") {
        constexpr int kChanges = 2000;
        Bus bus;
        std::atomic<bool> stop{false};
        std::atomic<int> surprises{0};
        std::atomic<int> reads{0};
        bus.space.set_pci_ranges({{0x1000, 0x10, &bus.first, 0}});
        const auto look = [&] {
            AddressSpaceReader reader(bus.space, bus.lock);
            while (!stop.load()) {
                const std::uint64_t name = reader.read(0x1000, 8) >> 32U;
                surprises.fetch_add(name == 2 || name == 3 ? 0 : 1);
                reads.fetch_add(1);
            }
        };
        std::thread one(look);
        std::thread two(look);

        for (int change = 0; change < kChanges || reads.load() < 100; ++change) {
            const MutexLock hold(bus.lock);
            bus.space.set_pci_ranges(
                {{0x1000, 0x10, change % 2 == 0 ? &bus.second : &bus.first, 0}});
        }
        stop.store(true);
        one.join();
        two.join();

        CHECK(surprises.load() == 0);
        CHECK(reads.load() >= 100);
    }
}

}  // namespace siskin
