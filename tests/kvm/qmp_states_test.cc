// SPDX-License-Identifier: Apache-2.0
// Every command in every run state, with good, bad and hostile arguments.
#include "tests/kvm/running_machine.h"

#include <doctest/doctest.h>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "qmp/value_json.h"
#include "tests/harness/temporary_directory.h"

namespace siskin::test {

namespace {

// These change the run state, or end it; their tests are in run_state_test.cc.
const std::set<std::string> kRunControl{"quit", "stop", "cont", "system_reset", "qmp_capabilities"};

struct Bench {
    explicit Bench(MachineArguments arguments)
        : process(start(arguments.qmp(directory.path("qmp")))),
          monitor(connect(directory.path("qmp"), process)) {}

    std::string status() {
        const Result<Value> reply = monitor.execute("query-status");
        return reply ? text_at(*reply, "status") : reply.error().message;
    }
    std::vector<std::string> commands() {
        std::vector<std::string> names;
        const Result<Value> listed = monitor.execute("query-commands");
        REQUIRE(listed.has_value());
        for (const Value& entry : *listed->as_list()) {
            const std::string name = text_at(entry, "name");
            if (!kRunControl.contains(name)) {
                names.push_back(name);
            }
        }
        return names;
    }

    TemporaryDirectory directory;
    ChildProcess process;
    QmpClient monitor;
};

std::string answer(Bench& bench, const char* command) {
    const Result<Value> reply = bench.monitor.execute(command);
    REQUIRE(reply.has_value());
    return qmp::to_json(*reply);
}

// What commands can change.
std::string snapshot(Bench& bench) {
    std::string all;
    for (const char* const query :
         {"query-iothreads", "query-chardev", "query-block", "query-fdsets", "query-status",
          "query-pci", "query-cpus-fast"}) {
        all += answer(bench, query);
    }
    return all + qmp::to_json(*bench.monitor.execute("qom-list", R"({"path": "/objects"})"));
}

// A value that is not of that JSON type; empty where every value is.
std::string_view other_than(std::string_view json_type) {
    if (json_type == "value" || json_type.empty()) {
        return {};
    }
    return json_type == "string" ? "7" : R"("seven")";
}

// Each command with each of its members given a value of a wrong type, and nothing else.
std::vector<std::pair<std::string, std::string>> wrong_calls(const Value& schema) {
    std::map<std::string, const Value*> types;
    for (const Value& entry : *schema.as_list()) {
        types[text_at(entry, "name")] = &entry;
    }
    const auto json_type = [&](const std::string& name) -> std::string {
        const std::string kind = text_at(*types.at(name), "meta-type");
        if (kind == "builtin") {
            return text_at(*types.at(name), "json-type");
        }
        return kind == "enum" ? "string" : (kind == "alternate" ? "value" : kind);
    };
    std::vector<std::pair<std::string, std::string>> calls;
    for (const Value& entry : *schema.as_list()) {
        if (text_at(entry, "meta-type") != "command") {
            continue;
        }
        const Value members = member_at(*types.at(text_at(entry, "arg-type")), "members");
        for (const Value& member : *members.as_list()) {
            const std::string_view wrong = other_than(json_type(text_at(member, "type")));
            if (!wrong.empty()) {
                calls.emplace_back(text_at(entry, "name"),
                                   concat("{\"", text_at(member, "name"), "\": ", wrong, '}'));
            }
        }
    }
    return calls;
}

// Each command is answered, a wrong member by name, and the state is as before.
void check_all_commands(Bench& bench, const std::string& state) {
    CAPTURE(state);
    REQUIRE(bench.status() == state);
    const std::vector<std::string> commands = bench.commands();
    CHECK(commands.size() > 20);
    for (const std::string& command : commands) {
        CAPTURE(command);
        const Result<Value> unasked = bench.monitor.execute(command);
        const Result<Value> wrong = bench.monitor.execute(command, R"({"no-such-member": 1})");

        CHECK((unasked.has_value() || !unasked.error().message.empty()));
        REQUIRE_FALSE(wrong.has_value());
        CHECK(wrong.error().message.starts_with("GenericError: Parameter '"));
        CHECK(bench.status() == state);
    }
    CHECK(bench.process.running());
}

}  // namespace

TEST_SUITE("kvm/qmp_states") {
    TEST_CASE("every command has an answer before the start (Q12)") {
        Bench bench(MachineArguments("idle").add({"-S"}));
        check_all_commands(bench, "prelaunch");
    }

    TEST_CASE("every command has an answer while the guest runs, and while it is stopped (Q12)") {
        Bench bench(MachineArguments("idle"));
        REQUIRE(bench.process.wait_for_output("idle\n"));
        check_all_commands(bench, "running");
        REQUIRE(bench.monitor.execute("stop").has_value());
        check_all_commands(bench, "paused");
    }

    TEST_CASE("every command has an answer after the guest's end, and after KVM's (Q12)") {
        Bench ended(MachineArguments("triple_fault").add({"-S", "-no-reboot", "-no-shutdown"}));
        REQUIRE(ended.monitor.execute("cont").has_value());
        REQUIRE(ended.monitor.wait_for_event("STOP").has_value());
        check_all_commands(ended, "shutdown");
        Bench failed(MachineArguments("emulation_failure").add({"-S"}));
        REQUIRE(failed.monitor.execute("cont").has_value());
        REQUIRE(failed.monitor.wait_for_event("STOP").has_value());
        check_all_commands(failed, "internal-error");
    }

    TEST_CASE("a command that fails leaves objects and back ends as they were (Q11)") {
        Bench bench(MachineArguments("idle").add({"-S", "-object", "iothread,id=io0"}));
        const auto snapshot = [&] {
            return concat(answer(bench, "query-iothreads"), answer(bench, "query-chardev"),
                          answer(bench, "query-block"));
        };
        const std::string before = snapshot();

        for (const auto& call : std::vector<std::pair<const char*, const char*>>{
                 {"object-add", R"({"qom-type": "iothread", "id": "io0"})"},
                 {"object-add", R"({"qom-type": "iothread", "id": "1"})"},
                 {"object-del", R"({"id": "io1"})"},
                 {"chardev-add",
                  R"({"id": "f", "backend": {"type": "file", "data": {"out": "/no/x"}}})"},
                 {"chardev-add",
                  R"({"id": "r", "backend": {"type": "ringbuf", "data": {"size": 3}}})"},
                 {"chardev-remove", R"({"id": "compat_monitor0"})"}}) {
            const auto& command = call.first;
            const auto& arguments = call.second;
            CAPTURE(command);
            CAPTURE(arguments);
            CHECK_FALSE(bench.monitor.execute(command, arguments).has_value());
            CHECK(snapshot() == before);
        }
    }

    TEST_CASE("a path with a NUL is refused, not cut (Q16)") {
        Bench bench(MachineArguments("idle").add({"-S"}));
        const std::string path = bench.directory.path("cut");

        const Result<Value> made = bench.monitor.execute(
            "chardev-add", concat(R"({"id": "f", "backend": {"type": "file", "data": {"out": ")",
                                  path, R"(\u0000here"}}})"));

        CHECK_FALSE(made.has_value());
        CHECK_FALSE(bench.directory.names().contains(path));
    }

    TEST_CASE(
        "no command with a member of the wrong type has any effect, whatever its name (Q11)") {
        Bench bench(MachineArguments("idle").add({"-S", "-object", "iothread,id=io0"}));
        const Result<Value> schema = bench.monitor.execute("query-qmp-schema");
        REQUIRE(schema.has_value());
        const std::string before = snapshot(bench);
        std::size_t tried = 0;
        for (const auto& call : wrong_calls(*schema)) {
            const auto& command = call.first;
            const auto& arguments = call.second;
            CAPTURE(command);
            CAPTURE(arguments);
            const Result<Value> reply = bench.monitor.execute(command, arguments);
            REQUIRE_FALSE(reply.has_value());
            CHECK(reply.error().message.starts_with("GenericError: "));
            ++tried;
        }

        CHECK(tried > 30);
        CHECK(snapshot(bench) == before);
    }
}

}  // namespace siskin::test
