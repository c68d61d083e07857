// SPDX-License-Identifier: Apache-2.0
// An interpreter over the fake machine, for tests of commands.
#pragma once

#include <string>
#include <string_view>

#include "qmp/event.h"
#include "tests/qmp/fake_machine.h"
#include "vmm/hmp/interpreter.h"

namespace siskin::hmp {

struct MonitorBench {
    struct NoEvents final : qmp::EventSink {
        void emit(qmp::Event) override {}
    };

    MonitorBench() { machine.raise_into(events); }
    std::string run(std::string_view line) { return interpreter.run(state, line); }

    NoEvents events;
    qmp_test::FakeMachine machine;
    Interpreter interpreter{machine.services()};
    MonitorState state;
};

}  // namespace siskin::hmp
