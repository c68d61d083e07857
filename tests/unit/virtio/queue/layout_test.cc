// SPDX-License-Identifier: Apache-2.0
// Proves virtio/queue/layout.
#include "virtio/queue/layout.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <initializer_list>

#include "tests/harness/test_guest.h"

using siskin::check_queue;
using siskin::GuestAddress;
using siskin::kGiB;
using siskin::legacy_queue;
using siskin::QueueConfig;
using siskin::RingFormat;
using siskin::TestGuest;

namespace {

constexpr std::uint16_t kSizeMax = 256;

QueueConfig good_config() {
    return QueueConfig{8, GuestAddress{0x10000}, GuestAddress{0x20000}, GuestAddress{0x30000}};
}

bool is_accepted(const TestGuest& guest, const QueueConfig& config) {
    return check_queue(config, kSizeMax, RingFormat::Split, *guest.memory()).has_value();
}

}  // namespace

TEST_SUITE("virtio/queue/layout") {
    TEST_CASE("every power of two up to the maximum is a queue size (virtio 1.2 §2.7)") {
        const TestGuest guest;
        QueueConfig config = good_config();

        for (unsigned size = 1; size <= kSizeMax; size *= 2) {
            config.size = static_cast<std::uint16_t>(size);
            CHECK(is_accepted(guest, config));
        }
    }

    TEST_CASE("a size of 0, no power of two, or above the maximum is refused (V17)") {
        const TestGuest guest;
        QueueConfig config = good_config();

        for (const unsigned size : {0U, 3U, 7U, 255U, 257U, 512U, 32768U, 65535U}) {
            config.size = static_cast<std::uint16_t>(size);
            CHECK_FALSE(is_accepted(guest, config));
        }
    }

    TEST_CASE("the parts are aligned to 16, 2 and 4 bytes and to nothing more (V17, §2.7)") {
        const TestGuest guest;
        for (unsigned offset = 0; offset < 16; ++offset) {
            QueueConfig table = good_config();
            table.descriptor_area = GuestAddress{0x10000 + std::uint64_t{offset}};
            QueueConfig available = good_config();
            available.driver_area = GuestAddress{0x20000 + std::uint64_t{offset}};
            QueueConfig used = good_config();
            used.device_area = GuestAddress{0x30000 + std::uint64_t{offset}};

            CHECK(is_accepted(guest, table) == (offset == 0));
            CHECK(is_accepted(guest, available) == (offset % 2 == 0));
            CHECK(is_accepted(guest, used) == (offset % 4 == 0));
        }
    }

    TEST_CASE("a part may end with the last byte of RAM and not one byte behind it") {
        const TestGuest guest;
        // 8 entries: 128, 22 and 70 bytes.
        QueueConfig config = good_config();
        config.descriptor_area = GuestAddress{TestGuest::kLowEnd - 128};
        config.driver_area = GuestAddress{TestGuest::kHighEnd - 22};
        config.device_area = GuestAddress{TestGuest::kLowEnd - 72};
        CHECK(is_accepted(guest, config));

        QueueConfig table = config;
        table.descriptor_area = GuestAddress{TestGuest::kLowEnd - 112};
        QueueConfig available = config;
        available.driver_area = GuestAddress{TestGuest::kHighEnd - 20};
        QueueConfig used = config;
        used.device_area = GuestAddress{TestGuest::kLowEnd - 68};

        CHECK_FALSE(is_accepted(guest, table));
        CHECK_FALSE(is_accepted(guest, available));
        CHECK_FALSE(is_accepted(guest, used));
    }

    TEST_CASE(
        "no part lies in a hole, in a BAR, behind RAM or around the end of addresses (V04, V18)") {
        const TestGuest guest;
        for (const std::uint64_t address :
             {TestGuest::kHole, TestGuest::kLowEnd, std::uint64_t{0xb0000000},
              std::uint64_t{0xfee00000}, TestGuest::kHighEnd, TestGuest::kHighBase - 16,
              std::uint64_t{1} << 63, ~std::uint64_t{0} - 15}) {
            QueueConfig table = good_config();
            table.descriptor_area = GuestAddress{address};
            QueueConfig available = good_config();
            available.driver_area = GuestAddress{address};
            QueueConfig used = good_config();
            used.device_area = GuestAddress{address};

            CHECK_FALSE(is_accepted(guest, table));
            CHECK_FALSE(is_accepted(guest, available));
            CHECK_FALSE(is_accepted(guest, used));
        }
    }

    TEST_CASE("a legacy queue is one piece, its used ring at the next page (virtio 1.2 §2.7.2)") {
        struct Expected {
            std::uint16_t size;
            std::uint64_t available;
            std::uint64_t used;
        };
        // 16 bytes a descriptor, then 6 + 2 bytes an entry: of 227 entries the first page is full
        // to the last 4 bytes; of 228 it is not enough.
        for (const Expected& expected :
             {Expected{1, 16, 4096}, Expected{2, 32, 4096}, Expected{128, 2048, 4096},
              Expected{227, 3632, 4096}, Expected{228, 3648, 8192}, Expected{256, 4096, 8192},
              Expected{1024, 16384, 20480}, Expected{32768, 524288, 593920}}) {
            const QueueConfig config = legacy_queue(7, expected.size);

            CAPTURE(expected.size);
            CHECK(config.size == expected.size);
            CHECK(config.descriptor_area == GuestAddress{0x7000});
            CHECK(config.driver_area == GuestAddress{0x7000 + expected.available});
            CHECK(config.device_area == GuestAddress{0x7000 + expected.used});
        }
    }

    TEST_CASE("the last page there can be wraps nothing, and is not RAM") {
        const TestGuest guest;

        const QueueConfig config = legacy_queue(0xffffffff, 32768);

        CHECK(config.descriptor_area == GuestAddress{0xffffffff000});
        CHECK(config.device_area == GuestAddress{0xffffffff000 + 593920});
        CHECK_FALSE(check_queue(config, 32768, RingFormat::Split, *guest.memory()).has_value());
    }

    TEST_CASE("the layout is that of the config") {
        const TestGuest guest;

        const auto layout =
            check_queue(good_config(), kSizeMax, RingFormat::Split, *guest.memory());

        REQUIRE(layout.has_value());
        CHECK(layout->size == 8);
        CHECK(layout->descriptor_area.size() == 128);
        CHECK(layout->driver_area.size() == 22);
        CHECK(layout->device_area.size() == 70);
        CHECK(layout->device_area.data() == guest.span(0x30000, 1).data());
    }
}
