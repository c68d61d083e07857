// SPDX-License-Identifier: Apache-2.0
// Proves vmm/machine/monitors: what becomes a monitor's endpoint, and what is refused.
#include "vmm/machine/monitors.h"

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/stream_socket.h"
#include "tests/qmp/fake_machine.h"
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

// A port that nobody listens on at the moment.
std::string free_port() {
    const auto socket = listen_tcp(*resolve_tcp("127.0.0.1", 0, true, true));
    const std::string text = SocketAddress::local_of(socket->get()).text();
    return text.substr(text.rfind(':') + 1);
}

// The monitors of a command line on a server that is not started.
struct Opened {
    explicit Opened(const std::vector<std::string>& arguments)
        : handlers(machine.handlers()),
          server(std::move(*qmp::Server::create(
              "test", loop, handlers, [](const std::function<void()>&) {},
              machine.subscriptions()))) {
        MachineConfig config = config_of({arguments.begin(), arguments.end()});
        monitors = std::move(*take_monitors(config));
        result = open_monitors(*server, monitors, -1);
    }

    qmp_test::FakeMachine machine;
    qmp::Handlers handlers;
    EventLoop loop;
    std::unique_ptr<qmp::Server> server;
    std::vector<MonitorEndpoint> monitors;
    Result<> result;
};

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
        CHECK(monitors->at(0).filename == "unix:/a,server=on");
    }

    TEST_CASE("telnet is spoken from the end that the monitor is") {
        MachineConfig config =
            config_of({"-qmp", "telnet:localhost:4444,server=on", "-monitor",
                       "telnet:localhost:4445", "-qmp", "tcp:localhost:4446,server=on"});

        const auto monitors = take_monitors(config);

        REQUIRE(monitors.has_value());
        CHECK(monitors->at(0).options.telnet == TelnetEnd::Server);
        CHECK(monitors->at(0).filename == "telnet:localhost:4444,server=on");
        CHECK(monitors->at(1).options.telnet == TelnetEnd::Client);
        CHECK_FALSE(monitors->at(2).options.telnet.has_value());
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

    TEST_CASE("each transport has a name for query-chardev, and takes its options") {
        MachineConfig config = config_of(
            {"-qmp", "tcp::4444,server,nowait", "-qmp", "tcp:[::1]:4445,server=on,wait=off",
             "-qmp-pretty", "unix:path=/a,reconnect=3", "-qmp", "stdio", "-qmp", "null", "-chardev",
             "socket,id=m,host=127.0.0.1,port=4446,server=on", "-mon",
             "m,mode=control,pretty=on,x-siskin-clients=16"});

        const auto monitors = take_monitors(config);

        REQUIRE(monitors.has_value());
        REQUIRE(monitors->size() == 6);
        CHECK(monitors->at(0).filename == "tcp:localhost:4444,server=on");
        CHECK_FALSE(monitors->at(0).chardev.wait.value_or(true));
        CHECK(monitors->at(1).chardev.host == "::1");
        CHECK(monitors->at(2).filename == "unix:/a");
        CHECK(monitors->at(2).options.pretty);
        CHECK(monitors->at(2).chardev.reconnect == 3U);
        CHECK(monitors->at(3).filename == "stdio");
        CHECK(monitors->at(4).filename == "null");
        CHECK(monitors->at(4).chardev.id == "compat_monitor4");
        CHECK(monitors->at(5).options.pretty);
        CHECK(monitors->at(5).options.clients_max == 16);
    }

    TEST_CASE("what cannot work together, or at all, is refused with what would do") {
        CHECK(refusal({"-qmp", "file:/a"}).find("a monitor needs a socket, stdio, pty or null") !=
              std::string::npos);
        CHECK(refusal({"-qmp", "unix:/a,server=on,reconnect=3"}) ==
              "-qmp unix:/a,server=on,reconnect=3: 'reconnect' option is incompatible with socket "
              "in server listen mode");
        CHECK(refusal({"-qmp", "unix:/a,wait=off"}) ==
              "-qmp unix:/a,wait=off: 'wait' option is incompatible with socket in client connect "
              "mode");
        CHECK(refusal({"-qmp", "unix:/a,x-siskin-clients=2"}).find("client connect mode") !=
              std::string::npos);
        CHECK(refusal({"-qmp", "unix:/a,server=on,x-siskin-clients=17"}).find("x-siskin-clients") !=
              std::string::npos);
        CHECK(refusal({"-qmp", "unix:fd=3,reconnect=1"}).find("incompatible with 'fd'") !=
              std::string::npos);
        CHECK(refusal({"-qmp", "tcp:4444"}).find("is not HOST:PORT") != std::string::npos);
        CHECK(refusal({"-qmp", "tcp:::1:4444"}).find("is not HOST:PORT") != std::string::npos);
        CHECK(refusal({"-qmp", "tcp:localhost:65536"}).find("port") != std::string::npos);
        CHECK(refusal({"-chardev", "socket,id=m,host=a,server=on", "-qmp", "chardev:m"})
                  .find("no port given") != std::string::npos);
        CHECK(refusal({"-chardev", "socket,id=m,path=/a,fd=3,server=on", "-qmp", "chardev:m"})
                  .find("one of 'path', 'fd' and 'host'") != std::string::npos);
        CHECK(refusal({"-chardev", "socket,id=m,path=/a,server=on", "-mon", "m,mode=no"})
                  .find("Parameter 'mode' doesn't take value 'no', allowed is readline or") !=
              std::string::npos);
        CHECK(refusal({"-qmp", "chardev:none"}).find("chardev \"none\" not found") !=
              std::string::npos);
    }

    TEST_CASE(
        "a listener is made where it was asked for; without a client for it, so is its name") {
        Opened opened({"-qmp", "tcp:127.0.0.1:" + free_port() + ",server=on,wait=off"});

        REQUIRE(opened.result.has_value());
        CHECK(opened.monitors[0].filename.starts_with("tcp:127.0.0.1:"));
        CHECK(opened.monitors[0].filename.ends_with(",server=on"));
    }

    TEST_CASE("an address that others reach needs allow-remote, whoever made the socket") {
        const std::string any = "tcp:0.0.0.0:" + free_port() + ",server=on,wait=off";
        CHECK(Opened({"-qmp", any}).result.error().message.find("allow-remote=on") !=
              std::string::npos);
        CHECK(Opened({"-qmp", any + ",allow-remote=on"}).result.has_value());
        Fd passed = std::move(*listen_tcp(*resolve_tcp("0.0.0.0", 0, true, true)));
        const std::string number = std::to_string(passed.release());
        CHECK(Opened({"-qmp", "unix:fd=" + number + ",server=on,wait=off"})
                  .result.error()
                  .message.find("allow-remote=on") != std::string::npos);
    }

    TEST_CASE("a peer that is not there is an error, unless it may come later") {
        CHECK(Opened({"-qmp", "unix:/nowhere/x"}).result.error().message ==
              "-qmp unix:/nowhere/x: Failed to connect to '/nowhere/x': No such file or directory");
        CHECK(Opened({"-qmp", "tcp:127.0.0.1:" + free_port()})
                  .result.error()
                  .message.find("Connection refused") != std::string::npos);
        CHECK(Opened({"-qmp", "unix:/nowhere/x,reconnect=1"}).result.has_value());
    }

    TEST_CASE("a terminal's name is known once it is there; a null device is no endpoint") {
        Opened opened({"-qmp", "pty", "-qmp", "null"});

        REQUIRE(opened.result.has_value());
        CHECK(opened.monitors[0].filename.starts_with("pty:/dev/pts/"));
        CHECK_FALSE(opened.monitors[1].index.has_value());
    }

    TEST_CASE("standard input and output serve one monitor") {
        CHECK(Opened({"-qmp", "stdio", "-qmp", "stdio"}).result.error().message ==
              "-qmp stdio: cannot use stdio by multiple character devices");
        CHECK(Opened({"-qmp", "stdio"}).result.has_value());
    }

    TEST_CASE("-mon says what its clients may do, and how long their messages may be") {
        MachineConfig config = config_of({"-chardev", "null,id=a", "-chardev", "null,id=b", "-mon",
                                          "a,mode=control,x-siskin-role=observe", "-mon",
                                          "b,mode=control,x-siskin-message-max=64k"});

        const auto monitors = take_monitors(config);

        REQUIRE(monitors.has_value());
        CHECK(monitors->at(0).options.role == qmp::Role::Observe);
        CHECK(monitors->at(0).options.message_size_max == qmp::kMessageSizeMax);
        CHECK(monitors->at(1).options.role == qmp::Role::Operate);
        CHECK(monitors->at(1).options.message_size_max == 65536);
    }

    TEST_CASE("a role that does not exist, one for people, and a message size out of bounds fail") {
        CHECK(refusal({"-chardev", "null,id=a", "-mon", "a,mode=control,x-siskin-role=root"}) ==
              "-mon a,mode=control,x-siskin-role=root: Parameter 'x-siskin-role' doesn't take "
              "value 'root', allowed is observe or operate");
        CHECK(refusal({"-chardev", "null,id=a", "-mon", "a,x-siskin-role=observe"}) ==
              "-mon a,x-siskin-role=observe: 'x-siskin-role=observe' is not compatible with "
              "mode=readline");
        for (const std::string_view size : {"4095", "65M", "0", "x"}) {
            const std::string option = "a,mode=control,x-siskin-message-max=" + std::string(size);
            CHECK(refusal({"-chardev", "null,id=a", "-mon", option})
                      .find("allowed is a size from 4096 to 67108864 bytes") != std::string::npos);
        }
    }
}
