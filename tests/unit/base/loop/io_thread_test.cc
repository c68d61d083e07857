// SPDX-License-Identifier: Apache-2.0
// Proves base/loop/io_thread.
#include "base/loop/io_thread.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <unistd.h>

#include "base/text.h"

namespace siskin {
namespace {

std::unique_ptr<IoThread> new_thread(std::string name = "io-test") {
    auto thread = IoThread::create(std::move(name));
    REQUIRE(thread.has_value());
    return std::move(*thread);
}

}  // namespace

TEST_SUITE("base/loop/io_thread") {
    TEST_CASE("work runs on the thread itself") {
        const auto thread = new_thread();
        pid_t ran_on = 0;

        thread->run_and_wait([&](IoLoop&) { ran_on = ::gettid(); });

        CHECK(ran_on == thread->thread_id());
        CHECK(ran_on != ::gettid());
    }

    TEST_CASE("the kernel shows the name, cut to 15 bytes") {
        const auto thread = new_thread("a-rather-long-thread-name");
        std::ifstream file(concat("/proc/self/task/", thread->thread_id(), "/comm"));
        std::string shown;
        std::getline(file, shown);

        CHECK(shown == "a-rather-long-t");
        CHECK(thread->name() == "a-rather-long-thread-name");
    }

    TEST_CASE("work runs in the order of posting") {
        const auto thread = new_thread();
        std::vector<int> order;
        for (int number = 0; number < 1000; ++number) {
            thread->post([&order, number](IoLoop&) { order.push_back(number); });
        }

        thread->run_and_wait([](IoLoop&) {});

        REQUIRE(order.size() == 1000);
        CHECK(order.front() == 0);
        CHECK(order.back() == 999);
        CHECK(std::is_sorted(order.begin(), order.end()));
    }

    TEST_CASE("work posted from several threads beyond the mailbox's size all runs") {
        constexpr int kPosts = 4000;
        const auto thread = new_thread();
        std::atomic<int> ran{0};
        std::vector<std::thread> posters;
        for (int poster = 0; poster < 3; ++poster) {
            posters.emplace_back([&] {
                for (int number = 0; number < kPosts; ++number) {
                    thread->post([&](IoLoop&) { ran.fetch_add(1); });
                }
            });
        }
        for (std::thread& poster : posters) {
            poster.join();
        }

        thread->run_and_wait([](IoLoop&) {});

        CHECK(ran.load() == 3 * kPosts);
    }

    TEST_CASE("work may post more work") {
        const auto thread = new_thread();
        std::atomic<int> ran{0};

        thread->run_and_wait([&](IoLoop&) { thread->post([&](IoLoop&) { ran.fetch_add(1); }); });
        thread->run_and_wait([](IoLoop&) {});

        CHECK(ran.load() == 1);
    }

    TEST_CASE("destroying the thread runs what was posted before and joins") {
        std::atomic<int> ran{0};
        {
            const auto thread = new_thread();
            for (int number = 0; number < 100; ++number) {
                thread->post([&](IoLoop&) { ran.fetch_add(1); });
            }
        }

        CHECK(ran.load() == 100);
    }
}

}  // namespace siskin
