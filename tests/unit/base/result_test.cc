// SPDX-License-Identifier: Apache-2.0
// Proves base/result.
#include "base/result.h"

#include <doctest/doctest.h>

#include <cerrno>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace siskin {
namespace {

static_assert(std::is_move_constructible_v<Result<std::unique_ptr<int>>>);
static_assert(!std::is_copy_constructible_v<Result<std::unique_ptr<int>>>);

// Counts the objects alive, to show that an early return destroys what it leaves.
struct Counted {
    explicit Counted(int& alive) : alive_(&alive) { ++*alive_; }
    ~Counted() { --*alive_; }
    Counted(const Counted& other) : alive_(other.alive_) { ++*alive_; }
    Counted& operator=(const Counted&) = delete;

    int* alive_;
};

Result<int> number(int value) {
    return value;
}
Result<int> no_number() {
    return fail(ErrorClass::DeviceNotFound, "no number");
}
Result<std::unique_ptr<int>> owned(int value) {
    return std::make_unique<int>(value);
}
Result<> nothing(bool good) {
    return good ? Result<>() : Result<>(fail("not good"));
}

Result<int> sum_of(Result<int> left, Result<int> right) {
    const int first = SISKIN_TRY(std::move(left));
    return first + SISKIN_TRY(std::move(right));
}

}  // namespace

TEST_SUITE("base/result") {
    TEST_CASE("SISKIN_TRY yields the value") {
        const auto sum = sum_of(number(3), number(4));

        REQUIRE(sum.has_value());
        CHECK(*sum == 7);
    }

    TEST_CASE("SISKIN_TRY hands the error up unchanged") {
        const auto sum = sum_of(number(3), no_number());

        REQUIRE_FALSE(sum.has_value());
        CHECK(sum.error().message == "no number");
        CHECK(sum.error().error_class == ErrorClass::DeviceNotFound);
    }

    TEST_CASE("SISKIN_TRY moves a value that cannot be copied") {
        const auto doubled = []() -> Result<std::unique_ptr<int>> {
            auto held = SISKIN_TRY(owned(21));
            *held *= 2;
            return held;
        }();

        REQUIRE(doubled.has_value());
        CHECK(**doubled == 42);
    }

    TEST_CASE("SISKIN_TRY of a Result without a value stands as a statement") {
        const auto both = [](bool first, bool second) -> Result<int> {
            SISKIN_TRY(nothing(first));
            SISKIN_TRY(nothing(second));
            return 1;
        };

        CHECK(both(true, true).has_value());
        CHECK_FALSE(both(true, false).has_value());
        CHECK_FALSE(both(false, true).has_value());
    }

    TEST_CASE("SISKIN_TRY takes an expression with commas outside parentheses") {
        const auto pair = []() -> Result<int> {
            return SISKIN_TRY(Result<std::pair<int, int>>(std::pair<int, int>{1, 2})).second;
        }();

        CHECK(pair == 2);
    }

    TEST_CASE("SISKIN_TRY in a branch and in a loop returns from the function around") {
        const auto first_bad = [](int count) -> Result<int> {
            int sum = 0;
            for (int at = 0; at < count; ++at) {
                sum += SISKIN_TRY(at < 3 ? number(at) : no_number());
            }
            return sum;
        };

        CHECK(first_bad(3) == 3);
        CHECK_FALSE(first_bad(4).has_value());
    }

    TEST_CASE("SISKIN_TRY_IN puts what the caller knows before the message") {
        const auto failed = []() -> Result<int> {
            return SISKIN_TRY_IN("device 'd0'", no_number());
        }();

        REQUIRE_FALSE(failed.has_value());
        CHECK(failed.error().message == "device 'd0': no number");
        CHECK(failed.error().error_class == ErrorClass::DeviceNotFound);
    }

    TEST_CASE("an early return destroys the locals and the temporaries of its own call") {
        int alive = 0;
        const auto leave = [&]() -> Result<int> {
            const Counted local(alive);
            const auto fails = [](const Counted&) { return no_number(); };
            return SISKIN_TRY(fails(Counted(alive)));
        };

        CHECK_FALSE(leave().has_value());
        CHECK(alive == 0);
    }

    TEST_CASE("fail_errno names the operation and the reason") {
        const Result<> failed = fail_errno("could not open 'x'", EACCES);

        CHECK(failed.error().message == "could not open 'x': Permission denied");
        CHECK(failed.error().error_class == ErrorClass::GenericError);
    }

    TEST_CASE("fail takes an error over as it is") {
        const Result<int> failed = fail(Error{ErrorClass::DeviceNotActive, "asleep"});

        CHECK(failed.error().error_class == ErrorClass::DeviceNotActive);
        CHECK(failed.error().message == "asleep");
    }

    TEST_CASE("SISKIN_ASSERT of what holds does nothing and evaluates it once") {
        int evaluations = 0;

        SISKIN_ASSERT(++evaluations == 1);

        CHECK(evaluations == 1);
    }
}

}  // namespace siskin
