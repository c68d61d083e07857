// SPDX-License-Identifier: Apache-2.0
// Uses the installed library as a stranger would: values, properties, a loop, a bus of two devices.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include "base/bus/address_space.h"
#include "base/loop/event_loop.h"
#include "base/loop/io_thread.h"
#include "base/object/property.h"
#include "base/value.h"

namespace {

class Echo final : public siskin::IoHandler {
public:
    std::uint64_t read(siskin::IoAccess access) override { return access.offset; }
    void write(siskin::IoAccess, std::uint64_t) override {}
};

bool check(bool holds, const char* what) {
    std::printf("%s: %s\n", holds ? "ok" : "FAILED", what);
    return holds;
}

bool bus_answers() {
    siskin::AddressSpace space;
    siskin::MachineLock lock;
    Echo echo;
    const auto added = space.add({0x1000, 0x100, &echo, 0});
    siskin::AddressSpaceReader reader(space, lock);
    return added.has_value() && reader.read(0x1010, 4) == 0x10 && reader.read(0, 1) == 0xff;
}

bool loop_turns() {
    siskin::EventLoop loop;
    bool expired = false;
    const auto timer = loop.after(std::chrono::milliseconds(1), [&] {
        expired = true;
        loop.stop();
    });
    loop.run();
    return expired;
}

bool thread_works() {
    const auto thread = siskin::IoThread::create("consumer");
    int number = 0;
    if (thread) {
        (*thread)->run_and_wait([&](siskin::IoLoop&) { number = 42; });
    }
    return number == 42;
}

}  // namespace

int main() {
    const siskin::Value value(siskin::Value::Dict{{"answer", 42}});
    const bool all_hold = check(*value.as_dict()->find("answer") == siskin::Value(42), "values") &
                          check(siskin::display(true) == "on", "properties") &
                          check(bus_answers(), "bus") & check(loop_turns(), "event loop") &
                          check(thread_works(), "io thread");
    return all_hold ? 0 : 1;
}
