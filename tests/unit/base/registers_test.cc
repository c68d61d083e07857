// SPDX-License-Identifier: Apache-2.0
// Proves base/registers.
#include "base/registers.h"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>

namespace siskin {
namespace {

constexpr std::size_t kSize = 16;

// What RegisterBlock promises, one bit at a time.
class BitModel {
public:
    struct Bit {
        bool value = false;
        bool writable = false;
        bool write_1_to_clear = false;
    };

    [[nodiscard]] Bit& bit(std::size_t offset, unsigned number) {
        return bits_[offset * 8 + number];
    }

    void write(std::size_t offset, unsigned width_bytes, std::uint64_t value) {
        for (unsigned number = 0; number < width_bytes * 8; ++number) {
            const std::size_t at = offset * 8 + number;
            const bool written = (value >> number & 1U) != 0;
            Bit spare;
            Bit& bit = at < bits_.size() ? bits_[at] : spare;
            bit.value = bit.writable ? written : bit.value;
            bit.value = bit.value && !(bit.write_1_to_clear && written);
        }
    }
    [[nodiscard]] std::uint64_t read(std::size_t offset, unsigned width_bytes) const {
        std::uint64_t value = 0;
        for (unsigned number = 0; number < width_bytes * 8; ++number) {
            const std::size_t at = offset * 8 + number;
            const bool set = at >= bits_.size() || bits_[at].value;
            value |= std::uint64_t{set} << number;
        }
        return value;
    }

private:
    std::array<Bit, kSize * 8> bits_{};
};

}  // namespace

TEST_SUITE("base/registers") {
    TEST_CASE("bytes are little-endian and start as zero") {
        RegisterBlock block(kSize);
        CHECK(block.read(0, 8) == 0);

        block.set(4, 4, 0x1122'3344);

        CHECK(block.read(4, 1) == 0x44);
        CHECK(block.read(6, 2) == 0x1122);
        CHECK(block.read(0, 8) == 0x1122'3344'0000'0000);
        CHECK(block.get(5, 2) == 0x2233);
    }

    TEST_CASE("a guest writes no bit that is not writable") {
        RegisterBlock block(kSize);
        block.set(0, 2, 0xabcd);

        block.write(0, 2, 0x1234);

        CHECK(block.read(0, 2) == 0xabcd);
    }

    TEST_CASE("a guest writes the writable bits of a register and keeps the others") {
        RegisterBlock block(kSize);
        block.set(0, 2, 0xab0d);
        block.set_writable(0, 2, 0x0ff0);

        block.write(0, 2, 0xffff);

        CHECK(block.read(0, 2) == 0xaffd);
        CHECK(block.writable(0, 2) == 0x0ff0);
    }

    TEST_CASE("ones clear a write-1-to-clear bit, zeroes and other bits do not (PCIe 5.0 7.4)") {
        RegisterBlock block(kSize);
        block.set(0, 1, 0b1111);
        block.set_write_1_to_clear(0, 1, 0b0110);

        block.write(0, 1, 0b1010);

        CHECK(block.read(0, 1) == 0b1101);
    }

    TEST_CASE("past the end a guest reads ones and its writes are dropped") {
        RegisterBlock block(kSize);
        block.set_writable(15, 1, 0xff);

        block.write(15, 4, 0x1122'3344);

        CHECK(block.read(15, 4) == 0xffff'ff44);
        CHECK(block.read(16, 1) == 0xff);
        CHECK(block.read(~std::size_t{0}, 8) == ~std::uint64_t{0});
        block.write(~std::size_t{0}, 8, 0);
        CHECK(block.read(0, 8) == 0);
    }

    TEST_CASE("a width beyond eight bytes is cut, one of none reads zero") {
        RegisterBlock block(kSize);
        block.set_writable(0, 8, ~std::uint64_t{0});

        block.write(0, 200, 0x0102'0304'0506'0708);

        CHECK(block.read(0, 200) == 0x0102'0304'0506'0708);
        CHECK(block.read(8, 1) == 0);
        CHECK(block.read(0, 0) == 0);
    }

    TEST_CASE("an empty block answers as nothing") {
        RegisterBlock block(0);

        block.write(0, 8, 1);

        CHECK(block.read(0, 4) == 0xffff'ffff);
        CHECK(block.size() == 0);
    }

    TEST_CASE("a hundred thousand random accesses agree with a model of single bits") {
        constexpr std::array<unsigned, 7> kWidths{1, 2, 3, 4, 5, 7, 8};
        std::mt19937_64 random(20240607);
        RegisterBlock block(kSize);
        BitModel model;
        for (std::size_t offset = 0; offset < kSize; ++offset) {
            const auto writable = random() & 0xff;
            const auto write_1_to_clear = random() & 0xff;
            const auto value = random() & 0xff;
            block.set_writable(offset, 1, writable);
            block.set_write_1_to_clear(offset, 1, write_1_to_clear);
            block.set(offset, 1, value);
            for (unsigned number = 0; number < 8; ++number) {
                model.bit(offset, number) = {(value >> number & 1U) != 0,
                                             (writable >> number & 1U) != 0,
                                             (write_1_to_clear >> number & 1U) != 0};
            }
        }

        std::size_t differences = 0;
        for (int access = 0; access < 100'000; ++access) {
            const std::size_t offset = random() % (kSize + 4);
            const unsigned width = kWidths[random() % kWidths.size()];
            const std::uint64_t value = random();
            block.write(offset, width, value);
            model.write(offset, width, value);
            const std::size_t looked_at = random() % (kSize + 4);
            differences += block.read(looked_at, 8) != model.read(looked_at, 8) ? 1 : 0;
        }

        CHECK(differences == 0);
    }
}

}  // namespace siskin
