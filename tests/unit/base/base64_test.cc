// SPDX-License-Identifier: Apache-2.0
// Proves base/base64.
#include "base/base64.h"

#include <doctest/doctest.h>

#include <string>

using siskin::base64_decode;
using siskin::base64_encode;

namespace {

std::string encoded(std::string_view text) {
    const std::vector<std::uint8_t> bytes(text.begin(), text.end());
    return base64_encode(bytes);
}

std::string decoded(std::string_view text) {
    const auto bytes = base64_decode(text);
    return bytes ? std::string(bytes->begin(), bytes->end()) : std::string("no base64");
}

}  // namespace

TEST_SUITE("base/base64") {
    TEST_CASE("the test vectors hold in both directions (RFC 4648 §10)") {
        CHECK(encoded("") == "");
        CHECK(encoded("f") == "Zg==");
        CHECK(encoded("fo") == "Zm8=");
        CHECK(encoded("foo") == "Zm9v");
        CHECK(encoded("foobar") == "Zm9vYmFy");
        CHECK(decoded("") == "");
        CHECK(decoded("Zg==") == "f");
        CHECK(decoded("Zm8=") == "fo");
        CHECK(decoded("Zm9v") == "foo");
        CHECK(decoded("Zm9vYmFy") == "foobar");
    }

    TEST_CASE("every byte and both characters beyond letters and digits are kept") {
        std::string all;
        for (int byte = 0; byte < 256; ++byte) {
            all += static_cast<char>(byte);
        }

        CHECK(decoded(encoded(all)) == all);
        CHECK(encoded("\xfb\xff\xbf") == "+/+/");
    }

    TEST_CASE("missing padding is fine, anything else that is no base64 is refused") {
        CHECK(decoded("Zg") == "f");
        CHECK(decoded("Zm8") == "fo");

        CHECK(decoded("Z") == "no base64");
        CHECK(decoded("Zg=") == "no base64");
        CHECK(decoded("Z===") == "no base64");
        CHECK(decoded("====") == "no base64");
        CHECK(decoded("Zg==Zg==") == "no base64");
        CHECK(decoded("Z g=") == "no base64");
        CHECK(decoded("Zm9v\n") == "no base64");
        CHECK(decoded("Zm-_") == "no base64");
    }
}
