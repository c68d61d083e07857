// SPDX-License-Identifier: Apache-2.0
// Proves tools/tidy/third_party.
#include "tools/tidy/rules.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "tests/unit/tools/tidy/small_tree.h"

namespace siskin::tidy {
namespace {

std::size_t findings_of(const char* path, const std::string& header) {
    return found_by(third_party_rule(), {{path, "#include <" + header + ">\n"}}).size();
}

}  // namespace

TEST_SUITE("tools/tidy/third_party") {
    TEST_CASE("each header enters through its own door and no other") {
        struct Door {
            const char* header;
            const char* door;
        };
        constexpr std::array kDoors{
            Door{"linux/kvm.h", "vmm/kvm/uapi.h"},
            Door{"boost/asio.hpp", "base/loop/asio.h"},
            Door{"boost/asio/io_context.hpp", "base/loop/asio.h"},
            Door{"boost/lockfree/queue.hpp", "base/loop/pointer_queue.cc"},
            Door{"tl/expected.hpp", "base/result.h"},
            Door{"simdjson.h", "qmp/parser.cc"},
            Door{"simdjson.h", "tools/qapi_gen/schema_loader.cc"},
            Door{"libfdt.h", "firmware/fdt/fdt_builder.cc"},
            Door{"liburing.h", "devices/block/uring_engine.cc"},
            Door{"libnbd.h", "devices/block/nbd_connection.cc"},
            Door{"doctest/doctest.h", "tests/unit/pci/bar_test.cc"},
        };
        for (const Door& door : kDoors) {
            CAPTURE(door.header);
            CHECK(findings_of(door.door, door.header) == 0);
            CHECK(findings_of("pci/bar.cc", door.header) == 1);
        }
    }

    TEST_CASE("headers of the standard, the C library and the kernel are free") {
        for (const char* const header : {"vector", "cstdint", "fcntl.h", "sys/mman.h",
                                         "linux/virtio_ring.h", "netinet/in.h"}) {
            CAPTURE(header);
            CHECK(findings_of("pci/bar.cc", header) == 0);
        }
    }

    TEST_CASE("a library nobody has let in is found") {
        CHECK(found_by(third_party_rule(), {{"pci/bar.cc", "#include <glib.h>\n"}}) ==
              Lines{"pci/bar.cc:1: <glib.h> is not known; give it one entrance in "
                    "tools/tidy/third_party.cc"});
        CHECK(findings_of("pci/bar.cc", "boost/optional.hpp") == 1);
    }

    TEST_CASE("Boost.Asio's door is for sources of base/loop and qmp alone") {
        const std::string text = "#include \"base/loop/asio.h\"\n";

        CHECK(found_by(third_party_rule(), {{"qmp/server.cc", text}}).empty());
        CHECK(found_by(third_party_rule(), {{"base/loop/event_loop.cc", text}}).empty());
        CHECK(found_by(third_party_rule(), {{"qmp/server.h", text}}).size() == 1);
        CHECK(found_by(third_party_rule(), {{"devices/chardev/socket.cc", text}}).size() == 1);
    }
}

}  // namespace siskin::tidy
