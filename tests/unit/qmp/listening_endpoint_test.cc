// SPDX-License-Identifier: Apache-2.0
// Proves qmp/listening_endpoint: who is let in, and when.
#include "qmp/listening_endpoint.h"

#include <doctest/doctest.h>

#include <chrono>
#include <ctime>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

#include "tests/harness/no_descriptor_left.h"
#include "tests/qmp/client.h"
#include "tests/qmp/served_machine.h"

using siskin::ByteChannel;
using siskin::EventLoop;
using siskin::fail;
using siskin::Fd;
using siskin::Result;
using siskin::UnixListener;
using siskin::qmp::ListeningEndpoint;
using siskin::qmp_test::Client;
using siskin::qmp_test::new_folder;
using siskin::test::NoDescriptorLeft;

namespace {

struct Bench {
    explicit Bench(std::size_t clients_max) : endpoint(listen(path), clients_max) {
        const auto started = endpoint.start(loop, [this](ByteChannel client) -> Result<> {
            ++offered;
            if (refusing) {
                return fail("no");
            }
            clients.push_back(std::move(client));
            return {};
        });
        SISKIN_ASSERT(started.has_value());
    }
    ~Bench() { std::filesystem::remove_all(folder); }
    Bench(const Bench&) = delete;
    Bench& operator=(const Bench&) = delete;
    static UnixListener listen(const std::string& path) {
        return std::move(*UnixListener::listen(path));
    }

    std::string folder = new_folder();
    std::string path = folder + "/socket";
    EventLoop loop;
    std::vector<ByteChannel> clients;
    int offered = 0;
    bool refusing = false;
    ListeningEndpoint endpoint;
};

}  // namespace

TEST_SUITE("qmp/listening_endpoint") {
    TEST_CASE("a second client waits until the first has gone") {
        Bench bench(1);
        const Client first(bench.path);
        const Client second(bench.path);
        bench.loop.run_ready();
        bench.loop.run_ready();
        CHECK(bench.clients.size() == 1);

        bench.endpoint.on_client_gone();
        bench.loop.run_ready();

        CHECK(bench.clients.size() == 2);
    }

    TEST_CASE("as many clients as allowed are served at a time, and no more") {
        Bench bench(3);
        const Client first(bench.path);
        const Client second(bench.path);
        const Client third(bench.path);
        const Client fourth(bench.path);
        for (int turn = 0; turn < 10; ++turn) {
            bench.loop.run_ready();
        }
        CHECK(bench.clients.size() == 3);

        bench.endpoint.on_client_gone();
        bench.loop.run_ready();

        CHECK(bench.clients.size() == 4);
    }

    TEST_CASE("after a client that could not be served accepting rests") {
        Bench bench(2);
        bench.refusing = true;
        const Client first(bench.path);
        const Client second(bench.path);

        for (int turn = 0; turn < 10; ++turn) {
            bench.loop.run_ready();
        }

        CHECK(bench.offered == 1);
    }

    TEST_CASE("without a descriptor for a client accepting rests, and goes on later (Q07)") {
        Bench bench(2);
        const Client client(bench.path);
        {
            const NoDescriptorLeft shortage;
            for (int turn = 0; turn < 10; ++turn) {
                bench.loop.run_ready();
            }
        }
        bench.loop.run_ready();
        CHECK(bench.offered == 0);

        const auto end = std::chrono::steady_clock::now() + Client::kPatience;
        while (bench.offered == 0 && std::chrono::steady_clock::now() < end) {
            bench.loop.run_ready();
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }

        CHECK(bench.clients.size() == 1);
    }

    TEST_CASE("once stopped nobody is let in") {
        Bench bench(1);
        const Client first(bench.path);

        bench.endpoint.stop();
        bench.loop.run_ready();

        CHECK(bench.offered == 0);
    }

    TEST_CASE("a listener that its other owner shuts down is not asked over and over (Q07)") {
        const std::string folder = new_folder();
        auto listener = UnixListener::listen(folder + "/socket");
        REQUIRE(listener.has_value());
        const Fd other(::dup(listener->get()));
        EventLoop loop;
        ListeningEndpoint endpoint(std::move(*listener), 1);
        REQUIRE(endpoint.start(loop, [](ByteChannel) -> Result<> { return {}; }).has_value());
        REQUIRE(::shutdown(other.get(), SHUT_RDWR) == 0);

        // Processor time of this thread while half a second goes by.
        const auto spent = [] {
            timespec now{};
            ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
            return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
        };
        const auto before = spent();
        const auto stop = loop.after(std::chrono::milliseconds{500}, [&loop] { loop.stop(); });
        loop.run();

        CHECK(spent() - before < std::chrono::milliseconds{100});
        std::filesystem::remove_all(folder);
    }
}
