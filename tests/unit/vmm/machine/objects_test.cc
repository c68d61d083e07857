// SPDX-License-Identifier: Apache-2.0
// Proves vmm/machine/objects, object_catalog and memory_backends.
#include "vmm/machine/objects.h"

#include <doctest/doctest.h>

#include <set>

#include "qmp/generated/types.h"
#include "qmp/parser.h"
#include "vmm/machine/qom_types.h"

namespace siskin {
namespace {

// The objects of a machine that has nothing else.
struct ObjectBench {
    Result<> add(const Value::Dict& members) {
        return objects.add(SISKIN_TRY(plan_object(members)));
    }
    std::string error_of(const Value::Dict& members) {
        const auto added = add(members);
        return added ? "fine" : added.error().message;
    }
    std::string removal(std::string_view id) {
        const auto unused = objects.check_unused(id, devices);
        if (unused) {
            objects.remove(id);
        }
        return unused ? "fine" : unused.error().message;
    }

    IoThreads io_threads;
    MemoryBackends memory;
    DeviceTree devices;
    ThrottleGroups throttle_groups;
    Objects objects{ObjectEnvironment{io_threads, memory, throttle_groups}};
};

Value::Dict memory_of(std::string_view id, std::uint64_t size) {
    return {{"qom-type", "memory-backend-ram"}, {"id", id}, {"size", size}};
}

}  // namespace

TEST_SUITE("vmm/machine/objects") {
    TEST_CASE("an I/O thread's polling can be changed, what else there is cannot") {
        ObjectBench bench;
        REQUIRE(bench.add({{"qom-type", "iothread"}, {"id", "io"}, {"poll-max-ns", 9000}}));
        REQUIRE(bench.add(memory_of("m", 4096)).has_value());
        REQUIRE(bench.io_threads.entries().front().config.poll_max_ns == 9000);

        CHECK(bench.objects.set("io", "poll-max-ns", Value(1000)).has_value());

        CHECK(bench.io_threads.entries().front().config.poll_max_ns == 1000);
        CHECK(bench.objects.set("io", "poll-max-ns", Value(1'000'001)).error().message ==
              "Property 'iothread.poll-max-ns' doesn't take value '1000001', allowed is a number "
              "from 0 to 1000000");
        CHECK(bench.objects.set("io", "nope", Value(1)).error().message ==
              "Property 'iothread.nope' not found");
        CHECK(bench.objects.set("m", "size", Value(1)).error().message ==
              "Property 'memory-backend-ram.size' is not writable");
        CHECK(bench.objects.set("n", "size", Value(1)).error().message == "object 'n' not found");
    }

    TEST_CASE("an object of each type is made, found, and gone when it is removed") {
        ObjectBench bench;
        REQUIRE(bench.add({{"qom-type", "iothread"}, {"id", "io"}}).has_value());
        REQUIRE(bench.add(memory_of("m", 4096)).has_value());

        CHECK(bench.objects.entries().size() == 2);
        CHECK(bench.io_threads.check("io").has_value());
        CHECK(bench.memory.find("m")->memory->size() == ByteCount{4096});

        CHECK(bench.removal("io") == "fine");
        CHECK(bench.removal("m") == "fine");
        CHECK(bench.removal("m") == "object 'm' not found");
        CHECK(bench.memory.find("m") == nullptr);
        CHECK_FALSE(bench.io_threads.check("io").has_value());
    }

    TEST_CASE("ids are those of all types together") {
        ObjectBench bench;
        REQUIRE(bench.add(memory_of("m", 4096)).has_value());

        CHECK(bench.error_of({{"qom-type", "iothread"}, {"id", "m"}}) ==
              "Duplicate ID 'm' for object");
    }

    TEST_CASE("what is wrong is named with what is allowed") {
        ObjectBench bench;

        CHECK(bench.error_of({{"id", "m"}}) == "Parameter 'qom-type' is missing");
        CHECK(bench.error_of({{"qom-type", "bogus"}, {"id", "m"}}) ==
              "Parameter 'qom-type' does not accept value 'bogus', allowed are iothread, "
              "memory-backend-file, memory-backend-memfd, memory-backend-ram, throttle-group");
        CHECK(bench.error_of({{"qom-type", "iothread"}}) == "Parameter 'id' is missing");
        CHECK(bench.error_of(memory_of("1m", 4096)) ==
              "Parameter 'id' expects an identifier, not '1m'");
        CHECK(bench.error_of(memory_of("m", 0)) ==
              "property 'size' of memory-backend-ram doesn't take value '0'");
        CHECK(bench.error_of({{"qom-type", "iothread"}, {"id", "i"}, {"bogus", "1"}}) ==
              "Invalid parameter 'bogus', allowed are poll-grow, poll-max-ns, poll-shrink");
        Value::Dict unknown = memory_of("m", 4096);
        unknown.insert("mem-path", "/tmp");
        CHECK(
            bench.error_of(unknown).starts_with("Invalid parameter 'mem-path', allowed are dump"));
        Value::Dict bad = memory_of("m", 4096);
        bad.insert("share", "maybe");
        CHECK(bench.error_of(bad) ==
              "Parameter 'share' doesn't take value 'maybe', allowed is on or off");
        CHECK(bench.objects.entries().empty());
    }

    TEST_CASE("guest RAM cannot be removed, be RAM twice, or be what is not there") {
        ObjectBench bench;
        REQUIRE(bench.add(memory_of("m", 4096)).has_value());
        REQUIRE(bench.memory.take_for_ram("m").has_value());

        CHECK(bench.removal("m") == "object 'm' is in use, can not be deleted");
        CHECK_FALSE(bench.memory.take_for_ram("m").has_value());
        CHECK(bench.memory.take_for_ram("x").error().message == "Memory backend 'x' not found");
    }

    TEST_CASE("the schema has the types and members of the table, and no others") {
        std::set<std::string_view> names;
        for (const ObjectType& type : object_catalog()) {
            names.insert(type.name);
            const QomType* const qom = find_qom_type(type.name);
            REQUIRE(qom != nullptr);
            CHECK_FALSE(qom->is_abstract);
            // Decoding refuses what the schema does not know.
            for (const DescribedProperty& property : describe_properties(type)) {
                Value::Dict members{
                    {"qom-type", type.name}, {"id", "i"}, {"size", 4096}, {"mem-path", "/f"}};
                if (!type.name.ends_with("-file")) {
                    static_cast<void>(members.erase("mem-path"));
                }
                if (!type.name.starts_with("memory-")) {
                    static_cast<void>(members.erase("size"));
                }
                Value value = property.default_value;
                members.set(std::string(property.row->name),
                            value.is_null() ? Value(4096) : std::move(value));
                qmp::ObjectOptions options;
                Value given(members);
                const auto decoded = qmp::decode(given, qmp::Path(), options);
                CHECK_MESSAGE(decoded.has_value(), type.name, ' ', property.row->name);
            }
        }
        for (std::size_t index = 0; index < names.size(); ++index) {
            CHECK(names.count(qmp::to_text(static_cast<qmp::ObjectType>(index))) == 1);
        }
    }
}

}  // namespace siskin
