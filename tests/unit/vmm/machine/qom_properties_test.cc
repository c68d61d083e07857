// SPDX-License-Identifier: Apache-2.0
// Proves vmm/machine/qom_properties.
#include "vmm/machine/qom_properties.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/units.h"

namespace siskin {
namespace {

struct Config {
    std::string bus;
    std::string iothread;
    std::string serial;
    std::optional<std::uint32_t> unset;
    std::optional<bool> undecided;
    ByteCount size{4096};
};

constexpr PropertyRow kBus = property<&Config::bus>("bus", "Where it goes.");
constexpr PropertyRow kIoThread = property<&Config::iothread>("iothread", "Who works.");
constexpr PropertyRow kMemdev = property<&Config::iothread>("memdev", "Which memory.");
constexpr PropertyRow kSerial = property<&Config::serial>("serial", "Its name.");
constexpr PropertyRow kUnset = property<&Config::unset>("count", "How many.");
constexpr PropertyRow kUndecided = property<&Config::undecided>("wait", "Whether.");
constexpr PropertyRow kSize = property<&Config::size>("size", "How large.");

}  // namespace

TEST_SUITE("vmm/machine/qom_properties") {
    TEST_CASE("where a device goes is no property of it") {
        CHECK_FALSE(is_qom_property(kBus));
        CHECK(is_qom_property(kSerial));
    }

    TEST_CASE("a named object is a link, of what several kinds have in common") {
        CHECK(qom_type_name(kIoThread, QomOwner::Device) == "link<iothread>");
        CHECK(qom_type_name(kMemdev, QomOwner::Device) == "link<memory-backend>");
        CHECK(qom_type_name(kSerial, QomOwner::Device) == "str");
        CHECK(qom_link_target("").empty());
        CHECK(qom_link_target("nope").empty());
    }

    TEST_CASE("a link is its object's path, and nothing where none is named") {
        Config config;
        CHECK(qom_value(kIoThread, &config) == Value(""));
        config.iothread = "io0";
        config.serial = "io0";

        CHECK(qom_value(kIoThread, &config) == Value("/objects/io0"));
        CHECK(qom_value(kSerial, &config) == Value("io0"));
    }

    TEST_CASE("a number always is one, and what is no number is text when it is not set") {
        const Config config;
        CHECK(qom_value(kUnset, &config) == Value(0));
        CHECK(qom_value(kUndecided, &config) == Value(""));
        CHECK(qom_value(kSize, &config) == Value(4096));
    }

    TEST_CASE("objects have one type for all numbers, devices have those of the table") {
        CHECK(qom_type_name(kSize, QomOwner::Object) == "int");
        CHECK(qom_type_name(kUnset, QomOwner::Object) == "int");
        CHECK(qom_type_name(kSerial, QomOwner::Object) == "str");
        CHECK(qom_type_name(kSize, QomOwner::Device) == "size");
        CHECK(qom_type_name(kUnset, QomOwner::Device) == "uint32");
    }

    TEST_CASE("texts and links have no default, everything else has its own") {
        CHECK(qom_default({&kSerial, Value("")}).is_null());
        CHECK(qom_default({&kIoThread, Value("")}).is_null());
        CHECK(qom_default({&kSize, Value(4096)}) == Value(4096));
    }
}

}  // namespace siskin
