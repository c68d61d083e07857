// SPDX-License-Identifier: Apache-2.0
// Proves virtio/block/queue_mapping.
#include "virtio/block/queue_mapping.h"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

namespace siskin {
namespace {

using Numbers = std::vector<std::size_t>;

std::string refusal(const QueueMappings& mappings, std::size_t queue_count) {
    const auto mapped = map_queues(mappings, queue_count);
    return mapped ? "fine" : mapped.error().message;
}

QueueMapping of(std::string iothread, std::vector<std::uint16_t> queues) {
    return QueueMapping{std::move(iothread), std::move(queues)};
}

std::optional<QueueMappings> parsed(const Value& value) {
    return Codec<QueueMappings>::parse(value, {});
}

}  // namespace

TEST_SUITE("virtio/block/queue_mapping") {
    TEST_CASE("without numbers the queues are dealt out in turn") {
        const QueueMappings mappings{{"a", std::nullopt}, {"b", std::nullopt}};

        CHECK(map_queues(mappings, 5).value() == Numbers{0, 1, 0, 1, 0});
        CHECK(map_queues({{"a", std::nullopt}}, 3).value() == Numbers{0, 0, 0});
    }

    TEST_CASE("with numbers each queue has the thread that names it") {
        CHECK(map_queues({of("a", {2}), of("b", {1, 0})}, 3).value() == Numbers{1, 1, 0});
    }

    TEST_CASE("a queue without a thread, with two, and one that is not there are refused") {
        CHECK(refusal({of("a", {0}), of("b", {2})}, 3) ==
              "iothread-vq-mapping has no thread for queue 1, allowed is one for each queue");
        CHECK(refusal({of("a", {0}), of("b", {0})}, 2) ==
              "iothread-vq-mapping names queue 0 twice, allowed is once");
        CHECK(refusal({of("a", {0, 2})}, 2) ==
              "iothread-vq-mapping names queue 2, allowed is 0 to 1");
    }

    TEST_CASE("a thread twice, numbers for some, and more threads than queues are refused") {
        CHECK(refusal({of("a", {0}), of("a", {1})}, 2) ==
              "iothread-vq-mapping names iothread 'a' twice, allowed is once");
        CHECK(refusal({of("a", {0}), {"b", std::nullopt}}, 2) ==
              "iothread-vq-mapping has vqs for some threads, allowed is for all or none");
        CHECK(refusal({{"a", std::nullopt}, {"b", std::nullopt}}, 1) ==
              "iothread-vq-mapping has 2 threads for 1 queues, allowed is one thread a queue at "
              "most");
    }

    TEST_CASE("a list of dictionaries is read and written alike") {
        const Value value(Value::List{
            Value::Dict{{"iothread", "a"},
                        {"vqs", Value::List{Value(std::uint64_t{0}), Value(std::uint64_t{2})}}},
            Value::Dict{{"iothread", "b"}, {"vqs", Value::List{Value(std::uint64_t{1})}}}});

        const auto mappings = parsed(value);

        REQUIRE(mappings.has_value());
        CHECK(Codec<QueueMappings>::print(*mappings) == value);
    }

    TEST_CASE("what is anything else is no mapping") {
        const std::array wrong{
            Value("io0"),
            Value(Value::List{Value("io0")}),
            Value(Value::List{Value::Dict{}}),
            Value(Value::List{Value::Dict{{"iothread", 1}}}),
            Value(Value::List{Value::Dict{{"iothread", "a"}, {"more", 1}}}),
            Value(Value::List{Value::Dict{{"iothread", "a"}, {"vqs", 1}}}),
            Value(Value::List{Value::Dict{{"iothread", "a"}, {"vqs", Value::List{}}}}),
            Value(Value::List{Value::Dict{{"iothread", "a"}, {"vqs", Value::List{Value(64)}}}}),
            Value(Value::List{Value::Dict{{"iothread", "a"}, {"vqs", Value::List{Value(-1)}}}}),
            Value(Value::List(kQueueMappingsMax + 1, Value(Value::Dict{{"iothread", "a"}}))),
        };
        for (const Value& value : wrong) {
            CHECK_FALSE(parsed(value).has_value());
        }
    }
}

}  // namespace siskin
