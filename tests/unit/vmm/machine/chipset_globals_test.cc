// SPDX-License-Identifier: Apache-2.0
// Proves vmm/machine/chipset_globals.
#include "vmm/machine/chipset_globals.h"

#include <doctest/doctest.h>

namespace siskin {

namespace {

OptionUse global(const std::string& driver, const std::string& property, const std::string& value) {
    return OptionUse{"-global g", {{"driver", driver}, {"property", property}, {"value", value}}};
}
constexpr const char* kName = "acpi-pci-hotplug-with-bridge-support";

}  // namespace

TEST_SUITE("vmm/machine/chipset_globals") {
    TEST_CASE("hot-plug is by ACPI unless a -global says otherwise; the last one counts") {
        CHECK(chipset_options({})->acpi_pci_hotplug);
        CHECK_FALSE(chipset_options({global("ICH9-LPC", kName, "off")})->acpi_pci_hotplug);
        CHECK(chipset_options({global("ICH9-LPC", kName, "off"), global("ICH9-LPC", kName, "on")})
                  ->acpi_pci_hotplug);
        CHECK(chipset_options({global("virtio-blk-pci", "drive", "d")})->acpi_pci_hotplug);
    }

    TEST_CASE("what the chipset does not have is refused by name") {
        CHECK(is_chipset_global(global("ICH9-LPC", kName, "on")) == true);
        CHECK(is_chipset_global(global("virtio-blk-pci", "drive", "d")) == false);
        CHECK(is_chipset_global(global("ICH9-LPC", "nope", "on")).error().message ==
              "-global g: Property 'ICH9-LPC.nope' not found");
        CHECK_FALSE(is_chipset_global(global("ICH9-LPC", kName, "maybe")).has_value());
    }
}

}  // namespace siskin
