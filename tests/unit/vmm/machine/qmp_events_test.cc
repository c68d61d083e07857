// SPDX-License-Identifier: Apache-2.0
// Proves vmm/machine/qmp_events for what a guest must cause; the others are seen in tests/kvm.
#include "vmm/machine/qmp_events.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "qmp/event.h"

namespace siskin::test {
namespace {

class Lines final : public qmp::EventSink {
public:
    void emit(qmp::Event event) override {
        // Without the time, which is before it, and the end of the line.
        const std::string line = qmp::event_line(event);
        const std::size_t first = line.find("\"event\"");
        lines.push_back(line.substr(first, line.find("\r\n") - first));
    }

    std::vector<std::string> lines;
};

}  // namespace

TEST_SUITE("vmm/machine/qmp_events") {
    TEST_CASE("a guest that keeps a device is DEVICE_UNPLUG_GUEST_ERROR, with the id if there is") {
        Lines sink;
        QmpEvents events;
        events.set_sink(&sink);

        events.on_unplug_refused("n0", "/machine/peripheral/n0");
        events.on_unplug_refused("", "/machine/peripheral-anon/device[0]");
        events.set_sink(nullptr);
        events.on_unplug_refused("n1", "/machine/peripheral/n1");

        REQUIRE(sink.lines.size() == 2);
        CHECK(sink.lines[0] == R"("event": "DEVICE_UNPLUG_GUEST_ERROR", "data": {"device": "n0", )"
                               R"("path": "/machine/peripheral/n0"}})");
        CHECK(sink.lines[1] == R"("event": "DEVICE_UNPLUG_GUEST_ERROR", "data": )"
                               R"({"path": "/machine/peripheral-anon/device[0]"}})");
    }
}

}  // namespace siskin::test
