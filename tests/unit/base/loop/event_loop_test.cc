// SPDX-License-Identifier: Apache-2.0
// Proves base/loop/event_loop.
#include "base/loop/event_loop.h"

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"

namespace siskin {
namespace {

using std::chrono::milliseconds;

EventFd new_event() {
    auto event = EventFd::create();
    REQUIRE(event.has_value());
    return std::move(*event);
}

struct SocketPair {
    SocketPair() {
        std::array<int, 2> numbers{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, numbers.data()) == 0);
        near = Fd(numbers[0]);
        far = Fd(numbers[1]);
    }

    Fd near;
    Fd far;
};

std::unique_ptr<EventLoop::Watch> watch_readable(EventLoop& loop, int fd_number,
                                                 std::function<void()> ready) {
    auto watch = loop.watch_readable(fd_number, std::move(ready));
    REQUIRE(watch.has_value());
    return std::move(*watch);
}

}  // namespace

TEST_SUITE("base/loop/event_loop") {
    TEST_CASE("a readable descriptor is a call, each time") {
        EventLoop loop;
        const EventFd event = new_event();
        int calls = 0;
        const auto watch = watch_readable(loop, event.get(), [&] {
            [[maybe_unused]] const auto count = event.take();
            ++calls;
        });

        event.signal();
        loop.run_ready();
        loop.run_ready();
        event.signal();
        loop.run_ready();

        CHECK(calls == 2);
    }

    TEST_CASE("a descriptor at its end is a call") {
        EventLoop loop;
        SocketPair sockets;
        int calls = 0;
        std::unique_ptr<EventLoop::Watch> watch;
        watch = watch_readable(loop, sockets.near.get(), [&] {
            ++calls;
            watch.reset();
        });

        sockets.far.reset();
        loop.run_ready();

        CHECK(calls == 1);
    }

    TEST_CASE("one descriptor may be watched for reading and for writing at once") {
        EventLoop loop;
        const SocketPair sockets;
        int reads = 0;
        int writes = 0;
        const auto readable = watch_readable(loop, sockets.near.get(), [&] {
            std::array<char, 8> bytes{};
            reads += ::read(sockets.near.get(), bytes.data(), bytes.size()) == 1 ? 1 : 0;
        });
        std::unique_ptr<EventLoop::Watch> writable;
        auto watched = loop.watch_writable(sockets.near.get(), [&] {
            ++writes;
            writable->pause();
        });
        REQUIRE(watched.has_value());
        writable = std::move(*watched);

        loop.run_ready();
        REQUIRE(::write(sockets.far.get(), "x", 1) == 1);
        loop.run_ready();

        CHECK(writes == 1);
        CHECK(reads == 1);
    }

    TEST_CASE("a destroyed watch calls no more, and its descriptor can be watched again") {
        EventLoop loop;
        const EventFd event = new_event();
        int first = 0;
        int second = 0;
        auto watch = watch_readable(loop, event.get(), [&] { ++first; });
        event.signal();
        watch.reset();

        watch = watch_readable(loop, event.get(), [&] {
            [[maybe_unused]] const auto count = event.take();
            ++second;
        });
        loop.run_ready();

        CHECK(first == 0);
        CHECK(second == 1);
    }

    TEST_CASE("a watch may destroy itself inside its call") {
        EventLoop loop;
        const EventFd event = new_event();
        int calls = 0;
        std::unique_ptr<EventLoop::Watch> watch;
        watch = watch_readable(loop, event.get(), [&] {
            ++calls;
            watch.reset();
        });

        event.signal();
        loop.run_ready();
        event.signal();
        loop.run_ready();

        CHECK(calls == 1);
        CHECK(event.take() == 2);
    }

    TEST_CASE("the descriptor stays the caller's when its watch goes") {
        EventLoop loop;
        const EventFd event = new_event();
        watch_readable(loop, event.get(), [] {}).reset();
        loop.run_ready();

        CHECK(::fcntl(event.get(), F_GETFD) >= 0);
    }

    TEST_CASE("a paused watch is silent and tells what is still there when it resumes") {
        EventLoop loop;
        const EventFd event = new_event();
        int calls = 0;
        const auto watch = watch_readable(loop, event.get(), [&] {
            [[maybe_unused]] const auto count = event.take();
            ++calls;
        });

        watch->pause();
        event.signal();
        loop.run_ready();
        CHECK(calls == 0);
        watch->resume();
        loop.run_ready();

        CHECK(calls == 1);
    }

    TEST_CASE("pausing and resuming before the loop turns changes nothing") {
        EventLoop loop;
        const EventFd event = new_event();
        int calls = 0;
        const auto watch = watch_readable(loop, event.get(), [&] {
            [[maybe_unused]] const auto count = event.take();
            ++calls;
        });
        event.signal();

        watch->pause();
        watch->resume();
        watch->resume();
        loop.run_ready();

        CHECK(calls == 1);
    }

    TEST_CASE("a descriptor that epoll cannot watch is an error, a closed one too") {
        EventLoop loop;
        const auto file = open_file("/proc/self/exe", O_RDONLY);
        REQUIRE(file.has_value());

        const auto regular = loop.watch_readable(file->get(), [] {});
        const auto closed = loop.watch_readable(-1, [] {});

        REQUIRE_FALSE(regular.has_value());
        CHECK(regular.error().message ==
              "could not watch a file descriptor: Operation not permitted");
        CHECK_FALSE(closed.has_value());
    }

    TEST_CASE("a loop that ends before its watches were called frees them") {
        const EventFd event = new_event();
        const auto held = std::make_shared<int>(0);
        {
            EventLoop loop;
            const auto watch = watch_readable(loop, event.get(), [held] {});
            const auto timer = loop.after(milliseconds(60'000), [held] {});
            CHECK(held.use_count() == 3);
        }

        CHECK(held.use_count() == 1);
    }
}

TEST_SUITE("base/loop/event_loop: running") {
    TEST_CASE("timers expire in the order of their delays, each once") {
        EventLoop loop;
        std::string order;
        const auto late = loop.after(milliseconds(20), [&] {
            order += 'b';
            loop.stop();
        });
        const auto early = loop.after(milliseconds(1), [&] { order += 'a'; });

        loop.run();

        CHECK(order == "ab");
    }

    TEST_CASE("a destroyed timer does not expire") {
        EventLoop loop;
        int calls = 0;
        auto cancelled = loop.after(milliseconds(1), [&] { ++calls; });
        const auto end = loop.after(milliseconds(10), [&] { loop.stop(); });
        cancelled.reset();

        loop.run();

        CHECK(calls == 0);
    }

    TEST_CASE("stop from another thread ends a loop that waits") {
        EventLoop loop;
        std::thread other([&] { loop.stop(); });

        loop.run();
        other.join();

        CHECK(true);
    }
}

}  // namespace siskin
