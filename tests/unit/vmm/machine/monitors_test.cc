// SPDX-License-Identifier: Apache-2.0
// Proves vmm/machine/monitors: what becomes a monitor's listener, and what is refused.
#include "vmm/machine/monitors.h"

#include <doctest/doctest.h>

#include <string_view>
#include <vector>

#include "vmm/machine/command_line.h"

using namespace siskin;  // NOLINT(google-build-using-namespace): a test file

namespace {

MachineConfig config_of(std::vector<std::string_view> arguments) {
    auto parsed = parse_command_line(arguments);
    REQUIRE(parsed.has_value());
    return std::get<MachineConfig>(std::move(*parsed));
}

std::string refusal(std::vector<std::string_view> arguments) {
    MachineConfig config = config_of(std::move(arguments));
    const auto monitors = take_monitors(config);
    return monitors ? std::string("no error") : monitors.error().message;
}

}  // namespace

TEST_SUITE("vmm/machine/monitors") {
    TEST_CASE("-qmp in its short form listens at a path, also as QEMU's older tools write it") {
        MachineConfig config =
            config_of({"-qmp", "unix:/a,server=on,wait=off", "-qmp", "unix:/b,server,nowait"});

        const auto monitors = take_monitors(config);

        REQUIRE(monitors.has_value());
        REQUIRE(monitors->size() == 2);
        CHECK(monitors->at(0).chardev.path == "/a");
        CHECK(monitors->at(1).chardev.path == "/b");
        CHECK_FALSE(monitors->at(1).chardev.wait.value_or(true));
        CHECK(monitor_filename(monitors->at(0)) == "unix:/a,server=on");
    }

    TEST_CASE("-mon takes its character device out of the machine's") {
        MachineConfig config =
            config_of({"-chardev", "socket,id=m,path=/a,server=on,wait=off", "-mon",
                       "chardev=m,mode=control", "-chardev", "null,id=n"});

        const auto monitors = take_monitors(config);

        REQUIRE(monitors.has_value());
        CHECK(monitors->size() == 1);
        REQUIRE(config.chardevs.size() == 1);
        CHECK(config.chardevs[0].config.id == "n");
    }

    TEST_CASE("a character device serves one monitor") {
        CHECK(refusal({"-chardev", "socket,id=m,path=/a,server=on", "-qmp", "chardev:m", "-mon",
                       "m,mode=control"}) ==
              "-mon m,mode=control: chardev \"m\" not found, or in use already");
    }

    TEST_CASE("what is no listening socket, and other modes, are refused with what would do") {
        CHECK(refusal({"-qmp", "stdio"}).find("a monitor needs a Unix socket") !=
              std::string::npos);
        CHECK(refusal({"-qmp", "unix:/a"}).find("add server=on") != std::string::npos);
        CHECK(refusal({"-chardev", "socket,id=m,path=/a,server=on", "-mon", "m"})
                  .find("Parameter 'mode' doesn't take value 'readline', allowed is control") !=
              std::string::npos);
        CHECK(refusal({"-qmp", "chardev:none"}).find("chardev \"none\" not found") !=
              std::string::npos);
    }
}
