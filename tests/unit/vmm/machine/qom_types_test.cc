// SPDX-License-Identifier: Apache-2.0
// Proves vmm/machine/qom_types.
#include "vmm/machine/qom_types.h"

#include <doctest/doctest.h>

#include "devices/chardev/chardev_config.h"
#include "vmm/machine/device_catalog.h"

using namespace siskin;  // NOLINT(google-build-using-namespace): a test file

TEST_SUITE("vmm/machine/qom_types") {
    TEST_CASE("every type's parent is in the table, and the root is object") {
        for (const QomType& type : qom_types()) {
            CAPTURE(type.name);
            CHECK(qom_type_is(type.name, "object"));
        }
    }

    TEST_CASE("every type of -device is a device that is not abstract") {
        for (const CatalogRow& row : device_catalog()) {
            CAPTURE(row.type->name);
            const QomType* const type = find_qom_type(row.type->name);
            REQUIRE(type != nullptr);
            CHECK_FALSE(type->is_abstract);
            CHECK(qom_type_is(type->name, "device"));
            CHECK(qom_type_is(type->name, "pci-device") == (row.type->bus == "PCI"));
        }
    }

    TEST_CASE("every character back end has a type") {
        for (const ChardevBackendInfo& backend : chardev_backends()) {
            CAPTURE(backend.name);
            CHECK(qom_type_is("chardev-" + std::string(backend.name), "chardev"));
        }
    }

    TEST_CASE("a type that does not exist is nothing, nor is any type it") {
        CHECK(find_qom_type("nope") == nullptr);
        CHECK_FALSE(qom_type_is("nope", "object"));
        CHECK_FALSE(qom_type_is("iothread", "nope"));
        CHECK_FALSE(qom_type_is("iothread", "device"));
    }
}
