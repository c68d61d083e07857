// SPDX-License-Identifier: Apache-2.0
// Proves vmm/machine/help and device_catalog.
#include "vmm/machine/help.h"

#include <doctest/doctest.h>

#include "vmm/machine/device_catalog.h"

using namespace siskin;  // NOLINT(google-build-using-namespace): a test file

TEST_SUITE("vmm/machine/help") {
    TEST_CASE("-version begins as QEMU's does and names siskin") {
        const auto text = help_text({"version", ""});

        REQUIRE(text.has_value());
        CHECK(text->starts_with("QEMU emulator version 7.2.0 (siskin-"));
    }

    TEST_CASE("-help names every option") {
        const auto text = help_text({"help", ""});

        REQUIRE(text.has_value());
        for (const OptionDescription& option : describe_options()) {
            CHECK(text->find("\n-" + std::string(option.name)) != std::string::npos);
        }
    }

    TEST_CASE("-device help names every type, and each has its properties") {
        const auto list = help_text({"device", "help"});

        REQUIRE(list.has_value());
        for (const CatalogRow& row : device_catalog()) {
            CHECK(list->find("name \"" + std::string(row.type->name)) != std::string::npos);
            const auto properties = help_text({"device", std::string(row.type->name) + ",help"});
            REQUIRE(properties.has_value());
            CHECK(properties->starts_with(std::string(row.type->name) + " options:\n  "));
        }
    }

    TEST_CASE("help for a device that does not exist is an error") {
        const auto text = help_text({"device", "bogus,help"});

        REQUIRE_FALSE(text.has_value());
        CHECK(text.error().message.find("'bogus' is not a valid device model name") !=
              std::string::npos);
    }

    TEST_CASE("help of an option with keys lists them") {
        const auto text = help_text({"smp", "help"});

        REQUIRE(text.has_value());
        CHECK(text->find("  cpus=<uint32>") != std::string::npos);
    }
}

TEST_SUITE("vmm/machine/device_catalog") {
    TEST_CASE("a type is found by name and by alias") {
        REQUIRE(find_device_type("virtio-blk-pci") != nullptr);
        CHECK(find_device_type("virtio-blk") == find_device_type("virtio-blk-pci"));
        CHECK(find_device_type("bogus") == nullptr);
    }
}
