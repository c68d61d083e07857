// SPDX-License-Identifier: Apache-2.0
// Fuzzes vmm/hmp: keys through the session and the line editor, lines through the interpreter. Any
// chunking gives the same lines, and each answer is whole lines within its limit.
#include "vmm/hmp/human_session.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "tests/qmp/fake_machine.h"
#include "vmm/hmp/command_table.h"
#include "vmm/hmp/interpreter.h"

namespace {

namespace hmp = siskin::hmp;

struct NoEvents final : siskin::qmp::EventSink {
    void emit(siskin::qmp::Event) override {}
};

struct Heard {
    std::vector<std::string> lines;
    std::vector<std::string> answers;

    friend bool operator==(const Heard&, const Heard&) = default;
};

Heard talk(std::string_view keys, std::size_t chunk) {
    NoEvents events;
    siskin::qmp_test::FakeMachine machine;
    machine.raise_into(events);
    hmp::Interpreter interpreter(machine.services());
    hmp::MonitorState state;
    Heard heard;
    hmp::HumanSession session(
        "7.2.0",
        {[&](std::string line) { heard.lines.push_back(std::move(line)); }, hmp::completions});
    while (!keys.empty()) {
        keys.remove_prefix(session.receive(keys.substr(0, chunk)));
        session.sent(session.output().size());
        if (session.in_flight() != 0) {
            heard.answers.push_back(interpreter.run(state, heard.lines.back()));
            session.reply(heard.answers.back());
        }
    }
    return heard;
}

void check(const Heard& heard) {
    for (const std::string& line : heard.lines) {
        SISKIN_ASSERT(line.size() <= hmp::LineEditor::kLineMax);
    }
    for (const std::string& answer : heard.answers) {
        SISKIN_ASSERT(answer.empty() || answer.ends_with("\r\n"));
        SISKIN_ASSERT(answer.size() <= hmp::Interpreter::kOutputMax);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) {
        return 0;
    }
    const std::string keys(data + 1, data + size);
    const Heard whole = talk(keys, keys.size() + 1);
    check(whole);
    SISKIN_ASSERT(whole == talk(keys, std::size_t{data[0]} % 16 + 1));
    return 0;
}
