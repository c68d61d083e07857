// SPDX-License-Identifier: Apache-2.0
// Proves base/error.
#include "base/error.h"

#include <doctest/doctest.h>

#include <cerrno>

namespace siskin {

TEST_SUITE("base/error") {
    TEST_CASE("each class has its name on the wire (QMP spec 2.4.2)") {
        CHECK(error_class_name(ErrorClass::GenericError) == "GenericError");
        CHECK(error_class_name(ErrorClass::CommandNotFound) == "CommandNotFound");
        CHECK(error_class_name(ErrorClass::DeviceNotActive) == "DeviceNotActive");
        CHECK(error_class_name(ErrorClass::DeviceNotFound) == "DeviceNotFound");
        CHECK(error_class_name(ErrorClass::KVMMissingCap) == "KVMMissingCap");
    }

    TEST_CASE("context stands before the message and the class stays") {
        const Error error =
            in_context("block node 'disk0'", Error{ErrorClass::DeviceNotFound, "no such file"});

        CHECK(error.message == "block node 'disk0': no such file");
        CHECK(error.error_class == ErrorClass::DeviceNotFound);
    }

    TEST_CASE("an errno has the text of the C library, an unknown one has some") {
        CHECK(errno_text(ENOENT) == "No such file or directory");
        CHECK_FALSE(errno_text(99999).empty());
    }
}

}  // namespace siskin
