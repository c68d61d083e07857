// SPDX-License-Identifier: Apache-2.0
// Proves vmm/machine/option_syntax.
#include "vmm/machine/option_syntax.h"

#include <doctest/doctest.h>

#include <array>

using namespace siskin;  // NOLINT(google-build-using-namespace): a test file

namespace {

struct Options {
    std::uint32_t number = 0;
    bool flag = false;
};
constexpr std::array kKeys{
    property<&Options::number>("number", "A number.", InRange{1, 9}),
    property<&Options::flag>("flag", "A switch."),
};

}  // namespace

TEST_SUITE("vmm/machine/option_syntax") {
    TEST_CASE("a list gives strings, and the first item may omit its key") {
        const auto dict = parse_key_values("virtio-blk-pci,drive=d,addr=0x3.1", "driver");

        REQUIRE(dict.has_value());
        CHECK(*dict ==
              Value::Dict{{"driver", "virtio-blk-pci"}, {"drive", "d"}, {"addr", "0x3.1"}});
    }

    TEST_CASE("two commas are one inside a value, and it may hold equals signs") {
        const auto dict = parse_key_values("path=/a,,b=c,x=1", "");

        REQUIRE(dict.has_value());
        CHECK(*dict == Value::Dict{{"path", "/a,b=c"}, {"x", "1"}});
    }

    TEST_CASE("a key alone is on, and one with no before it is off") {
        const auto dict = parse_key_values("socket,server,nowait", "backend");

        REQUIRE(dict.has_value());
        CHECK(*dict == Value::Dict{{"backend", "socket"}, {"server", "on"}, {"wait", "off"}});
    }

    TEST_CASE("the last of two equal keys wins") {
        CHECK(*parse_key_values("a=1,a=2", "") == Value::Dict{{"a", "2"}});
    }

    TEST_CASE("a key with impossible characters is named") {
        const auto dict = parse_key_values("a b=1", "");

        REQUIRE_FALSE(dict.has_value());
        CHECK(dict.error().message == "Invalid parameter 'a b'");
        CHECK_FALSE(parse_key_values("=1", "").has_value());
    }

    TEST_CASE("an empty text is an empty dict") {
        CHECK(parse_key_values("", "x")->empty());
    }

    TEST_CASE("dotted keys make dicts in dicts") {
        const auto dict =
            parse_dotted_key_values("driver=raw,file.driver=file,file.filename=/x", "");

        REQUIRE(dict.has_value());
        CHECK(*dict == Value::Dict{{"driver", "raw"},
                                   {"file", Value::Dict{{"driver", "file"}, {"filename", "/x"}}}});
    }

    TEST_CASE("a key that is a value and a dict is refused, in both orders") {
        const auto first = parse_dotted_key_values("file=a,file.driver=b", "");
        const auto second = parse_dotted_key_values("file.driver=b,file=a", "");

        REQUIRE_FALSE(first.has_value());
        REQUIRE_FALSE(second.has_value());
        CHECK(first.error().message == "Parameters 'file.*' used inconsistently");
        CHECK(second.error().message == "Parameters 'file.*' used inconsistently");
    }

    TEST_CASE("a JSON object keeps its types") {
        const auto dict = parse_json_or(R"({"driver":"x","n":3,"on":true})", "", parse_key_values);

        REQUIRE(dict.has_value());
        CHECK(*dict == Value::Dict{{"driver", "x"}, {"n", 3}, {"on", true}});
    }

    TEST_CASE("bad JSON is an error that says JSON") {
        const auto dict = parse_json_or("{bad", "", parse_key_values);

        REQUIRE_FALSE(dict.has_value());
        CHECK(dict.error().message.starts_with("JSON parse error, "));
    }

    TEST_CASE("options are set by their table") {
        Options options;

        const auto applied = apply_options(kKeys, &options, {{"number", "7"}, {"flag", "on"}});

        CHECK(applied.has_value());
        CHECK(options.number == 7);
        CHECK(options.flag);
    }

    TEST_CASE("an unknown key and a bad value name what is allowed") {
        Options options;

        const auto unknown = apply_options(kKeys, &options, {{"bogus", "7"}});
        const auto bad = apply_options(kKeys, &options, {{"number", "10"}});

        REQUIRE_FALSE(unknown.has_value());
        REQUIRE_FALSE(bad.has_value());
        CHECK(unknown.error().message == "Invalid parameter 'bogus', allowed are number, flag");
        CHECK(bad.error().message ==
              "Parameter 'number' doesn't take value '10', allowed is a number from 1 to 9");
    }
}
