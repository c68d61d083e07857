// SPDX-License-Identifier: Apache-2.0
// Proves base/unix_socket.
#include "base/unix_socket.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/socket_address.h"
#include "base/text.h"

namespace siskin {
namespace {

// A path of this process's own; whatever is there at the end is removed.
class SocketPath {
public:
    explicit SocketPath(const std::string& name)
        : path_(concat("/tmp/siskin_unix_test.", ::getpid(), ".", name)) {}
    ~SocketPath() { ::unlink(path_.c_str()); }
    SocketPath(const SocketPath&) = delete;
    SocketPath& operator=(const SocketPath&) = delete;

    [[nodiscard]] const std::string& text() const { return path_; }
    [[nodiscard]] bool exists() const { return ::access(path_.c_str(), F_OK) == 0; }

private:
    std::string path_;
};

}  // namespace

TEST_SUITE("base/unix_socket") {
    TEST_CASE("a client that connects is accepted, and bytes flow") {
        const SocketPath path("flow");
        const auto listener = UnixListener::listen(path.text());
        REQUIRE(listener.has_value());
        CHECK_FALSE(listener->accept().valid());

        const auto client = connect_unix(path.text());
        REQUIRE(client.has_value());
        const Fd server = listener->accept();
        REQUIRE(server.valid());
        REQUIRE(::write(client->get(), "x", 1) == 1);

        char byte = 0;
        CHECK(::read(server.get(), &byte, 1) == 1);
        CHECK(byte == 'x');
        CHECK((::fcntl(server.get(), F_GETFL) & O_NONBLOCK) != 0);
        CHECK((::fcntl(server.get(), F_GETFD) & FD_CLOEXEC) != 0);
    }

    TEST_CASE("the path goes with the listener, wherever it was moved to") {
        const SocketPath path("gone");
        {
            auto listener = UnixListener::listen(path.text());
            REQUIRE(listener.has_value());
            const UnixListener moved = std::move(*listener);
            CHECK(path.exists());
        }

        CHECK_FALSE(path.exists());
    }

    TEST_CASE("a path where somebody listens is left to him (Q14)") {
        const SocketPath path("busy");
        const auto owner = UnixListener::listen(path.text());
        REQUIRE(owner.has_value());

        const auto second = UnixListener::listen(path.text());

        REQUIRE_FALSE(second.has_value());
        CHECK(second.error().message ==
              concat("Failed to bind socket to ", path.text(), ": Address already in use"));
        CHECK(connect_unix(path.text()).has_value());
    }

    TEST_CASE("a dead socket at the path is replaced (Q14)") {
        const SocketPath path("dead");
        {
            auto owner = UnixListener::listen(path.text());
            REQUIRE(owner.has_value());
            // A second name keeps the socket's file when its owner removes the first.
            REQUIRE(::link(path.text().c_str(), (path.text() + ".2").c_str()) == 0);
        }
        REQUIRE(::rename((path.text() + ".2").c_str(), path.text().c_str()) == 0);

        const auto listener = UnixListener::listen(path.text());

        REQUIRE(listener.has_value());
        CHECK(connect_unix(path.text()).has_value());
    }

    TEST_CASE("a symbolic link at the path is left alone, wherever it leads (Q14)") {
        const SocketPath path("link");
        const SocketPath target("target");
        {
            const Fd dead(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
            const auto address = SocketAddress::unix_path(target.text());
            REQUIRE(::bind(dead.get(), address->generic(), address->size()) == 0);
        }
        REQUIRE(::symlink(target.text().c_str(), path.text().c_str()) == 0);

        const auto to_dead = UnixListener::listen(path.text());
        const bool target_stays = target.exists();
        REQUIRE(::unlink(target.text().c_str()) == 0);
        const auto to_nothing = UnixListener::listen(path.text());

        CHECK_FALSE(to_dead.has_value());
        CHECK(target_stays);
        CHECK_FALSE(to_nothing.has_value());
        CHECK_FALSE(target.exists());
        CHECK(std::filesystem::is_symlink(path.text()));
    }

    TEST_CASE("a file of another kind at the path is left alone (Q14)") {
        const SocketPath path("file");
        std::ofstream(path.text()) << "precious";

        CHECK_FALSE(UnixListener::listen(path.text()).has_value());

        std::string content;
        std::ifstream(path.text()) >> content;
        CHECK(content == "precious");
    }

    TEST_CASE("a path that another took over is not removed (Q14)") {
        const SocketPath path("taken");
        {
            const auto listener = UnixListener::listen(path.text());
            REQUIRE(listener.has_value());
            REQUIRE(::unlink(path.text().c_str()) == 0);
            std::ofstream(path.text()) << "another's";
        }

        CHECK(path.exists());
    }

    TEST_CASE("a path of 107 bytes is used, one of 108 is an error that says both numbers (Q14)") {
        const std::string start = concat("/tmp/siskin_unix_test.", ::getpid(), ".");
        const SocketPath fits(std::string(kUnixPathMax - start.size(), 'x'));
        const SocketPath long_one(std::string(kUnixPathMax - start.size() + 1, 'x'));
        REQUIRE(fits.text().size() == 107);

        CHECK(UnixListener::listen(fits.text()).has_value());
        const auto refused = UnixListener::listen(long_one.text());
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().message ==
              concat("UNIX socket path '", long_one.text(),
                     "' is too long: it has 108 bytes, the most is 107"));
    }

    TEST_CASE("an empty path and one with a NUL are refused, listening and connecting") {
        CHECK_FALSE(UnixListener::listen("").has_value());
        CHECK_FALSE(UnixListener::listen(std::string("/tmp/a\0b", 8)).has_value());
        CHECK_FALSE(connect_unix("").has_value());
    }

    TEST_CASE("connecting to nobody is an error that names the path") {
        const auto refused = connect_unix("/nonexistent/qmp.sock");

        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().message ==
              "Failed to connect to '/nonexistent/qmp.sock': No such file or directory");
    }

    TEST_CASE("only a socket that listens is adopted, and its path is not removed") {
        const SocketPath path("adopt");
        const auto owner = UnixListener::listen(path.text());
        REQUIRE(owner.has_value());
        {
            const auto adopted = UnixListener::adopt(Fd(::dup(owner->get())));
            REQUIRE(adopted.has_value());
            CHECK(connect_unix(path.text()).has_value());
            CHECK(adopted->accept().valid());
        }

        CHECK(path.exists());
        CHECK_FALSE(UnixListener::adopt(Fd(::socket(AF_UNIX, SOCK_STREAM, 0))).has_value());
        CHECK_FALSE(UnixListener::adopt(Fd(::open("/dev/null", O_RDONLY))).has_value());
    }
}

}  // namespace siskin
