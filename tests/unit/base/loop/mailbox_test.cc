// SPDX-License-Identifier: Apache-2.0
// Proves base/loop/mailbox.
#include "base/loop/mailbox.h"

#include <doctest/doctest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <poll.h>

namespace siskin {
namespace {

template <typename T>
Mailbox<T> new_mailbox(std::size_t capacity) {
    auto mailbox = Mailbox<T>::create(capacity);
    REQUIRE(mailbox.has_value());
    return std::move(*mailbox);
}

bool is_readable(int fd_number) {
    pollfd descriptor{fd_number, POLLIN, 0};
    return ::poll(&descriptor, 1, 0) == 1;
}

struct Numbered {
    int producer;
    int number;
};

}  // namespace

TEST_SUITE("base/loop/mailbox") {
    TEST_CASE("messages come in the order of posting, then nothing") {
        auto mailbox = new_mailbox<std::string>(4);

        REQUIRE(mailbox.post("one"));
        REQUIRE(mailbox.post("two"));

        CHECK(mailbox.take() == "one");
        CHECK(mailbox.take() == "two");
        CHECK_FALSE(mailbox.take().has_value());
    }

    TEST_CASE("a message that cannot be copied arrives") {
        auto mailbox = new_mailbox<std::unique_ptr<int>>(1);

        REQUIRE(mailbox.post(std::make_unique<int>(7)));

        const auto taken = mailbox.take();
        REQUIRE(taken.has_value());
        CHECK(**taken == 7);
    }

    TEST_CASE("a full mailbox says no and gives the message back") {
        auto mailbox = new_mailbox<std::unique_ptr<int>>(1);
        REQUIRE(mailbox.post(std::make_unique<int>(1)));
        auto second = std::make_unique<int>(2);

        CHECK_FALSE(mailbox.post(std::move(second)));

        REQUIRE(second != nullptr);  // NOLINT(bugprone-use-after-move): unchanged, as promised
        CHECK(*second == 2);
        REQUIRE(mailbox.take().has_value());
        CHECK(mailbox.post(std::move(second)));
    }

    TEST_CASE("the descriptor is readable from a post until it is cleared") {
        auto mailbox = new_mailbox<int>(4);
        CHECK_FALSE(is_readable(mailbox.event_fd()));
        REQUIRE(mailbox.post(1));
        CHECK(is_readable(mailbox.event_fd()));

        mailbox.clear_event();

        CHECK_FALSE(is_readable(mailbox.event_fd()));
        CHECK(mailbox.take() == 1);
    }

    TEST_CASE("messages nobody took go with the mailbox") {
        const auto counted = std::make_shared<int>(0);
        {
            auto mailbox = new_mailbox<std::shared_ptr<int>>(4);
            REQUIRE(mailbox.post(std::shared_ptr<int>(counted)));
            REQUIRE(mailbox.post(std::shared_ptr<int>(counted)));
            CHECK(counted.use_count() == 3);
            auto moved = std::move(mailbox);
            CHECK(counted.use_count() == 3);
        }

        CHECK(counted.use_count() == 1);
    }

    TEST_CASE("many producers lose and double nothing, and each one's order holds") {
        constexpr int kProducers = 4;
        constexpr int kMessages = 5000;
        auto mailbox = new_mailbox<Numbered>(64);
        std::vector<std::thread> producers;
        for (int producer = 0; producer < kProducers; ++producer) {
            producers.emplace_back([&, producer] {
                for (int number = 0; number < kMessages; ++number) {
                    while (!mailbox.post(Numbered{producer, number})) {
                        std::this_thread::yield();
                    }
                }
            });
        }

        std::vector<int> next(kProducers, 0);
        int disorders = 0;
        int taken = 0;
        while (taken < kProducers * kMessages) {
            pollfd descriptor{mailbox.event_fd(), POLLIN, 0};
            REQUIRE(::poll(&descriptor, 1, 10'000) == 1);  // no wake-up is lost
            mailbox.clear_event();
            while (const auto message = mailbox.take()) {
                int& expected = next[static_cast<std::size_t>(message->producer)];
                disorders += message->number == expected ? 0 : 1;
                ++expected;
                ++taken;
            }
        }
        for (std::thread& producer : producers) {
            producer.join();
        }

        CHECK(disorders == 0);
        CHECK(next == std::vector<int>(kProducers, kMessages));
        CHECK_FALSE(mailbox.take().has_value());
    }
}

}  // namespace siskin
