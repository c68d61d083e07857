// SPDX-License-Identifier: Apache-2.0
// Proves devices/chardev/chardev_config.
#include "devices/chardev/chardev_config.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

using siskin::ByteCount;
using siskin::chardev_backends;
using siskin::ChardevBackend;
using siskin::parse_chardev;
using siskin::parse_chardev_short;
using siskin::Value;

namespace {

std::string error_of(const Value::Dict& arguments) {
    const auto config = parse_chardev(arguments);
    return config ? "accepted" : config.error().message;
}

}  // namespace

TEST_SUITE("devices/chardev/chardev_config") {
    TEST_CASE("every option of a file and of a socket is read") {
        const auto file =
            parse_chardev({{"backend", "file"}, {"id", "f"}, {"path", "/a"}, {"append", "on"}});
        const auto socket = parse_chardev({{"backend", "socket"},
                                           {"id", "s"},
                                           {"path", "/b"},
                                           {"server", true},
                                           {"wait", "off"}});

        REQUIRE(file.has_value());
        CHECK(file->backend == ChardevBackend::File);
        CHECK(file->id == "f");
        CHECK(file->path == "/a");
        CHECK(file->append == true);
        REQUIRE(socket.has_value());
        CHECK(socket->backend == ChardevBackend::Socket);
        CHECK(socket->server == true);
        CHECK(socket->wait == false);
        CHECK_FALSE(socket->fd.has_value());
    }

    TEST_CASE("memory is another name of ringbuf, and its size takes a suffix") {
        const auto config = parse_chardev({{"backend", "memory"}, {"id", "r"}, {"size", "4k"}});

        REQUIRE(config.has_value());
        CHECK(config->backend == ChardevBackend::Ring);
        CHECK(config->size == ByteCount{4096});
    }

    TEST_CASE("bad arguments are refused in QEMU's words") {
        CHECK(error_of({{"backend", "bogus"}, {"id", "x"}}) ==
              "'bogus' is not a valid char driver name, allowed are file, null, pty, ringbuf, "
              "socket, stdio");
        CHECK(error_of({{"backend", "null"}}) == "chardev: no id specified");
        CHECK(error_of({{"id", "x"}}) == "chardev: \"x\" missing backend");
        CHECK(error_of({{"backend", "null"}, {"id", "x"}, {"bogus", "3"}}) ==
              "Invalid parameter 'bogus'");
        CHECK(error_of({{"backend", "file"}, {"id", "x"}, {"append", "maybe"}}) ==
              "Parameter 'append' expects 'on' or 'off'");
    }

    TEST_CASE("an option of another back end, a bad id and bad numbers are refused") {
        CHECK(error_of({{"backend", "null"}, {"id", "x"}, {"path", "/a"}}) ==
              "Invalid parameter 'path'");
        CHECK(error_of({{"backend", "null"}, {"id", "1x"}})
                  .starts_with("Parameter 'id' expects an identifier"));
        CHECK(error_of({{"backend", "socket"}, {"id", "x"}, {"fd", "-1"}})
                  .starts_with("Parameter 'fd' doesn't take value '-1'"));
        CHECK(error_of({{"backend", 7}, {"id", "x"}}) == "chardev: \"x\" missing backend");
    }

    TEST_CASE("the short forms of -serial are read") {
        const auto file = parse_chardev_short("file:/tmp/a,b", "serial0");
        const auto plain = parse_chardev_short("unix:/tmp/s", "serial1");
        const auto server = parse_chardev_short("unix:/tmp/s,server=on,wait=off", "serial2");
        const auto old = parse_chardev_short("unix:/tmp/s,server,nowait", "serial3");

        REQUIRE(file.has_value());
        CHECK(file->path == "/tmp/a,b");
        CHECK(file->id == "serial0");
        REQUIRE(plain.has_value());
        CHECK(plain->backend == ChardevBackend::Socket);
        CHECK(plain->path == "/tmp/s");
        CHECK_FALSE(plain->server.has_value());
        REQUIRE(server.has_value());
        CHECK(server->server == true);
        CHECK(server->wait == false);
        REQUIRE(old.has_value());
        CHECK(old->server == true);
        CHECK(old->wait == false);
        CHECK(parse_chardev_short("null", "x")->backend == ChardevBackend::Null);
        CHECK(parse_chardev_short("stdio", "x")->backend == ChardevBackend::Stdio);
        CHECK(parse_chardev_short("pty", "x")->backend == ChardevBackend::Pty);
    }

    TEST_CASE("short forms that are none are refused") {
        const auto bogus = parse_chardev_short("bogus", "x");
        const auto empty = parse_chardev_short("", "x");
        const auto option = parse_chardev_short("unix:/s,colour=red", "x");

        REQUIRE_FALSE(bogus.has_value());
        CHECK(bogus.error().message.starts_with(
            "'bogus' is not a valid char driver, allowed are null, stdio, "));
        CHECK_FALSE(empty.has_value());
        REQUIRE_FALSE(option.has_value());
        CHECK(option.error().message == "Invalid parameter 'colour'");
    }

    TEST_CASE("the table names each back end once") {
        std::set<std::string_view> names;
        for (const auto& info : chardev_backends()) {
            names.insert(info.name);
        }

        CHECK(names.size() == chardev_backends().size());
        CHECK(names.size() == 6);
    }
}
