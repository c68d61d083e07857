// SPDX-License-Identifier: Apache-2.0
// Proves devices/block/nbd_connection.
#include "devices/block/nbd_connection.h"

#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <string>

#include "base/unix_socket.h"
#include "tests/unit/devices/block/nbd_server.h"

namespace siskin {
namespace {

constexpr std::chrono::milliseconds kPatience{3000};

std::string refusal(const NbdServer& server, std::chrono::milliseconds patience = kPatience) {
    const auto connection = NbdConnection::connect(server, patience);
    return connection ? "" : connection.error().message;
}

}  // namespace

TEST_SUITE("devices/block/nbd_connection") {
    TEST_CASE("a server tells the disk's size and what can be done with it") {
        if (!has_program(kQemuNbd)) {
            return;
        }
        const test::TemporaryDirectory folder;
        std::filesystem::resize_file(folder.write_file("disk.raw", ""), 65536);
        auto server = NbdTestServer::qemu(
            folder, {"--format=raw", "--export-name=disk", folder.path("disk.raw")});
        server.start();

        const auto connection = NbdConnection::connect(server.address("disk"), kPatience);

        REQUIRE(connection.has_value());
        const NbdExport& disk = (*connection)->disk();
        CHECK(disk.size == 65536);
        CHECK_FALSE(disk.read_only);
        CHECK(disk.can_flush);
        CHECK(disk.request_alignment == 1);
    }

    TEST_CASE("an export that is not there is an error that names the server") {
        if (!has_program(kQemuNbd)) {
            return;
        }
        const test::TemporaryDirectory folder;
        std::filesystem::resize_file(folder.write_file("disk.raw", ""), 65536);
        auto server = NbdTestServer::qemu(
            folder, {"--format=raw", "--export-name=disk", folder.path("disk.raw")});
        server.start();

        CHECK(
            refusal(server.address("other")).starts_with("NBD server '" + server.socket() + "': "));
    }

    TEST_CASE("no server, and one that says nothing, are errors within the time") {
        const test::TemporaryDirectory folder;
        const auto nobody = *SocketAddress::unix_path(folder.path("nobody"));
        CHECK(refusal({{nobody}, ""}) ==
              "Failed to connect to '" + folder.path("nobody") + "': No such file or directory");
        const auto listener = UnixListener::listen(folder.path("silent"));
        REQUIRE(listener.has_value());
        const auto silent = *SocketAddress::unix_path(folder.path("silent"));

        CHECK(refusal({{silent}, ""}, std::chrono::milliseconds(50)) ==
              "NBD server '" + folder.path("silent") + "' has not answered within 50 ms");
    }
}

}  // namespace siskin
