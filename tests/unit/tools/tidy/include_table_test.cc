// SPDX-License-Identifier: Apache-2.0
// Proves tools/tidy/include_table.
#include "tools/tidy/rules.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "tests/unit/tools/tidy/small_tree.h"

namespace siskin::tidy {
namespace {

struct Edge {
    const char* from;
    const char* to;
};

std::size_t findings_of(const Edge& edge) {
    return found_by(include_table_rule(),
                    {{edge.from, "#include \"" + std::string(edge.to) + "\"\n"}})
        .size();
}

}  // namespace

TEST_SUITE("tools/tidy/include_table") {
    TEST_CASE("each edge of the table is allowed (docs/design.md, Floors)") {
        constexpr std::array kAllowed{
            Edge{"base/fd.h", "base/result.h"},
            Edge{"base/loop/mailbox.h", "base/fd.h"},
            Edge{"base/memory/guest_span.h", "base/units.h"},
            Edge{"base/bus/address_space.cc", "base/bus/io_handler.h"},
            Edge{"base/object/property.h", "base/value.h"},
            Edge{"qmp/session.cc", "base/loop/event_loop.h"},
            Edge{"qmp/session.cc", "qmp/generated/commands.h"},
            Edge{"firmware/acpi/aml.h", "base/memory/guest_memory.h"},
            Edge{"pci/bar.h", "base/bus/address_space.h"},
            Edge{"pci/bar.h", "base/object/property.h"},
            Edge{"devices/chipset/mch.h", "pci/function.h"},
            Edge{"devices/block/raw_file.h", "base/loop/io_loop.h"},
            Edge{"virtio/block/block_device.h", "devices/block/block_node.h"},
            Edge{"virtio/transport/virtio_pci.h", "pci/function.h"},
            Edge{"vmm/kvm/kvm_vm.h", "base/bus/msi.h"},
            Edge{"vmm/vcpu/vcpu_thread.h", "vmm/kvm/kvm_vcpu.h"},
            Edge{"vmm/machine/machine.h", "qmp/dispatch.h"},
            Edge{"vmm/main.cc", "vmm/machine/machine.h"},
            Edge{"tools/qapi_gen/emit.cc", "base/text.h"},
            Edge{"tools/tidy/rules.cc", "tools/tidy/rule.h"},
            Edge{"tests/unit/pci/bar_test.cc", "vmm/machine/machine.h"},
        };
        for (const Edge& edge : kAllowed) {
            CAPTURE(edge.from);
            CAPTURE(edge.to);
            CHECK(findings_of(edge) == 0);
        }
    }

    TEST_CASE("each other edge is found") {
        constexpr std::array kForbidden{
            Edge{"base/fd.h", "base/loop/mailbox.h"},
            Edge{"base/loop/mailbox.h", "base/bus/msi.h"},
            Edge{"base/memory/guest_span.h", "base/object/property.h"},
            Edge{"base/fd.h", "pci/bar.h"},
            Edge{"qmp/session.cc", "base/bus/address_space.h"},
            Edge{"qmp/session.cc", "base/object/property.h"},
            Edge{"qmp/session.cc", "vmm/machine/machine.h"},
            Edge{"firmware/acpi/aml.h", "base/bus/msi.h"},
            Edge{"firmware/acpi/aml.h", "pci/bdf.h"},
            Edge{"pci/bar.h", "base/memory/guest_memory.h"},
            Edge{"pci/bar.h", "base/loop/mailbox.h"},
            Edge{"pci/bar.h", "devices/chipset/mch.h"},
            Edge{"devices/chipset/mch.h", "virtio/device.h"},
            Edge{"devices/chipset/mch.h", "vmm/kvm/kvm.h"},
            Edge{"virtio/device.h", "devices/platform/fw_cfg.h"},
            Edge{"virtio/device.h", "qmp/parser.h"},
            Edge{"vmm/kvm/kvm_vm.h", "pci/bar.h"},
            Edge{"vmm/kvm/kvm_vm.h", "vmm/vcpu/vcpu_thread.h"},
            Edge{"vmm/vcpu/vcpu_thread.h", "vmm/machine/machine.h"},
            Edge{"vmm/machine/machine.h", "tests/harness/test_guest.h"},
            Edge{"tools/qapi_gen/emit.cc", "qmp/parser.h"},
            Edge{"tools/tidy/rules.cc", "base/text.h"},
        };
        for (const Edge& edge : kForbidden) {
            CAPTURE(edge.from);
            CAPTURE(edge.to);
            CHECK(findings_of(edge) == 1);
        }
    }

    TEST_CASE("an include that is not written from the top of the tree is found") {
        CHECK(found_by(include_table_rule(), {{"pci/bar.cc", "\n#include \"bar.h\"\n"}}) ==
              Lines{"pci/bar.cc:2: write \"bar.h\" from the top of the tree, like "
                    "\"base/result.h\""});
        CHECK(findings_of({"pci/bar.cc", "../base/fd.h"}) == 1);
    }

    TEST_CASE("an include in a comment or a string is none") {
        CHECK(found_by(include_table_rule(),
                       {{"pci/a.cc", "// #include \"vmm/a.h\"\n/*\n#include \"vmm/a.h\"\n*/\n"}})
                  .empty());
    }

    TEST_CASE("a folder without a row is found") {
        CHECK(found_by(include_table_rule(), {{"util/a.h", ""}}) ==
              Lines{"util/a.h:1: this folder has no row in the include table"});
    }
}

}  // namespace siskin::tidy
