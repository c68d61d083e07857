// SPDX-License-Identifier: Apache-2.0
// Proves virtio/transport/isr.
#include "virtio/transport/isr.h"

#include <doctest/doctest.h>

#include <functional>
#include <memory>

#include "virtio/spec.h"

namespace siskin {

namespace spec = virtio_spec;

namespace {

// Runs what is due when the test says so.
class ManualRelay final : public InterruptRelay {
public:
    Result<std::unique_ptr<Binding>> watch(const EventFd& event,
                                           std::function<void()> relayed) override {
        watched = &event;
        callback = std::move(relayed);
        return std::make_unique<Binding>();
    }
    void run() const {
        if (watched->take() != 0) {
            callback();
        }
    }

    const EventFd* watched = nullptr;
    std::function<void()> callback;
};

struct Bench {
    Bench() {
        REQUIRE(isr.connect(relay).has_value());
        isr.set_pin_enabled(true);
    }

    bool pin = false;
    ManualRelay relay;
    IsrStatus isr{*EventFd::create(), [this](bool asserted) { pin = asserted; }};
};

}  // namespace

TEST_SUITE("virtio/transport/isr") {
    TEST_CASE("a cause asserts the pin; reading returns it, clears it and lets the pin go") {
        Bench bench;
        bench.isr.set_bit(spec::kIsrQueue);
        CHECK_FALSE(bench.pin);
        bench.relay.run();
        REQUIRE(bench.pin);

        CHECK(bench.isr.read(IoAccess{0, 1}) == 1);
        CHECK_FALSE(bench.pin);
        CHECK(bench.isr.read(IoAccess{0, 1}) == 0);
    }

    TEST_CASE("both causes show together") {
        Bench bench;
        bench.isr.set_bit(spec::kIsrQueue);
        bench.isr.set_bit(spec::kIsrConfiguration);

        CHECK(bench.isr.read(IoAccess{0, 4}) == 3);
    }

    TEST_CASE("a read that comes before the relay leaves nothing to assert") {
        Bench bench;
        bench.isr.set_bit(spec::kIsrQueue);
        CHECK(bench.isr.read(IoAccess{0, 1}) == 1);

        bench.relay.run();

        CHECK_FALSE(bench.pin);
    }

    TEST_CASE("other offsets read 0 and clear nothing; writes do nothing") {
        Bench bench;
        bench.isr.set_bit(spec::kIsrQueue);

        CHECK(bench.isr.read(IoAccess{1, 1}) == 0);
        CHECK(bench.isr.read(IoAccess{0xff8, 8}) == 0);
        bench.isr.write(IoAccess{0, 1}, 0xff);
        CHECK(bench.isr.read(IoAccess{0, 1}) == 1);
    }

    TEST_CASE("a disabled pin stays low and follows when it is enabled") {
        Bench bench;
        bench.isr.set_pin_enabled(false);
        bench.isr.set_bit(spec::kIsrQueue);
        bench.relay.run();
        CHECK_FALSE(bench.pin);

        bench.isr.set_pin_enabled(true);
        CHECK(bench.pin);
        bench.isr.clear();
        CHECK_FALSE(bench.pin);
    }

    TEST_CASE("an interrupt goes where it is led: nowhere, to a vector, to the pin") {
        Bench bench;
        const EventFd vector = *EventFd::create();
        TransportInterrupt interrupt(bench.isr, spec::kIsrQueue);

        interrupt.signal();
        CHECK(bench.isr.read(IoAccess{0, 1}) == 0);
        interrupt.to_vector(vector);
        interrupt.signal();
        CHECK(vector.take() == 1);
        CHECK(bench.isr.read(IoAccess{0, 1}) == 0);
        interrupt.to_pin();
        interrupt.signal();
        CHECK(vector.take() == 0);
        CHECK(bench.isr.read(IoAccess{0, 1}) == 1);
        interrupt.to_nowhere();
        interrupt.signal();
        CHECK(bench.isr.read(IoAccess{0, 1}) == 0);
    }

    TEST_CASE("a change of the configuration is in the ISR, by a vector too (§4.1.4.5.1)") {
        Bench bench;
        const EventFd vector = *EventFd::create();
        TransportInterrupt interrupt(bench.isr, spec::kIsrConfiguration);
        bench.isr.set_pin_enabled(false);

        interrupt.signal();
        CHECK(bench.isr.read(IoAccess{0, 1}) == 0);
        interrupt.to_vector(vector);
        interrupt.signal();
        bench.relay.run();

        CHECK(vector.take() == 1);
        CHECK_FALSE(bench.pin);
        CHECK(bench.isr.read(IoAccess{0, 1}) == spec::kIsrConfiguration);
    }
}

}  // namespace siskin
