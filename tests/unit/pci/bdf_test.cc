// SPDX-License-Identifier: Apache-2.0
// Proves pci/bdf.
#include "pci/bdf.h"

#include <doctest/doctest.h>

#include <cstdint>

using namespace siskin;

TEST_SUITE("pci/bdf") {
    TEST_CASE("every device and function prints and reads back") {
        for (unsigned value = 0; value < 256; ++value) {
            const DevFn devfn(static_cast<std::uint8_t>(value));
            CHECK(parse_devfn(to_text(devfn)) == devfn);
            CHECK(DevFn::of(devfn.device(), devfn.function()) == devfn);
        }
    }

    TEST_CASE("addr is hexadecimal, with or without 0x, function 0 when not given") {
        CHECK(parse_devfn("1f") == DevFn::of(31, 0));
        CHECK(parse_devfn("0x5.0x7") == DevFn::of(5, 7));
        CHECK(parse_devfn("05.1") == DevFn::of(5, 1));
        CHECK(Codec<DevFn>::parse(Value("10"), {}) == DevFn::of(16, 0));
    }

    TEST_CASE("slot 20, function 8, rubbish and nothing are refused") {
        for (const char* const text : {"20", "5.8", "foo", "", ".", "5.", ".1", "5.1.1", "-1", " 5",
                                       "0x", "00005", "5.0x"}) {
            CAPTURE(text);
            CHECK_FALSE(parse_devfn(text).has_value());
        }
    }

    TEST_CASE("a number is device times eight plus function, from 0 to 255") {
        CHECK(Codec<DevFn>::parse(Value(40), {}) == DevFn::of(5, 0));
        CHECK(Codec<DevFn>::parse(Value(255), {}) == DevFn::of(31, 7));
        CHECK_FALSE(Codec<DevFn>::parse(Value(256), {}).has_value());
        CHECK_FALSE(Codec<DevFn>::parse(Value(-1), {}).has_value());
        CHECK_FALSE(Codec<DevFn>::parse(Value(true), {}).has_value());
        CHECK(Codec<DevFn>::print(DevFn::of(5, 1)) == Value(41));
    }

    TEST_CASE("bus, device and function print as lspci does and read back") {
        const Bdf bdf{0x3a, DevFn::of(0x1f, 2)};

        CHECK(to_text(bdf) == "3a:1f.2");
        CHECK(parse_bdf("3a:1f.2") == bdf);
        CHECK_FALSE(parse_bdf("100:0.0").has_value());
        CHECK_FALSE(parse_bdf("1f.2").has_value());
    }
}
