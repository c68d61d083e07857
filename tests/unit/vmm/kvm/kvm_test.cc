// SPDX-License-Identifier: Apache-2.0
// Proves vmm/kvm/kvm, as far as it goes without KVM: the errors.
#include "vmm/kvm/kvm.h"

#include <doctest/doctest.h>

using siskin::Kvm;

TEST_SUITE("vmm/kvm/kvm") {
    TEST_CASE("a missing device says that the machine has no KVM") {
        const auto kvm = Kvm::open("/nonexistent/kvm");

        REQUIRE_FALSE(kvm.has_value());
        CHECK(kvm.error().message ==
              "could not open '/nonexistent/kvm': No such file or directory: this machine has no "
              "KVM, or its module is not loaded");
    }

    TEST_CASE("a file that is no KVM device is refused") {
        const auto kvm = Kvm::open("/dev/null");

        REQUIRE_FALSE(kvm.has_value());
        CHECK(kvm.error().message == "'/dev/null' is no KVM device of API version 12");
    }
}
