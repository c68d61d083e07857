// SPDX-License-Identifier: Apache-2.0
// Proves virtio/transport/direct_pin: alone, and below a device that has INTx.
#include "virtio/transport/direct_pin.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/unit/virtio/virtio_bench.h"

using namespace siskin;

namespace {

namespace spec = virtio_spec;

constexpr IntxInput kInput{1, 0};

struct Bench {
    Bench() { router.connect(kInput, &line); }

    IntxRouter router;
    FakeIrqLine line;
    ManualRelay relay;
    bool wanted = false;
    std::vector<std::string> lost;
    LineEnds ends{relay};
    DirectPin pin{router, kInput, ends, [this] { return wanted; },
                  [this](std::string_view reason) { lost.emplace_back(reason); }};
};

// A disk without MSI-X that runs, and one request that it has served.
struct DiskBench {
    explicit DiskBench(unsigned refusals = 0) {
        line.refusals = refusals;
        bench.machine.host.intx().connect(kInput, &line);
        bench.start(driver);
    }
    void serve() {
        REQUIRE(bench.run(driver, spec::kBlockRead, 0) == 0);
        bench.settle();
    }
    std::uint64_t read_isr() { return bench.pci.memory_read(VirtioBench::kBar + 0x1000, 1); }
    bool interrupt_status() { return (bench.pci.read(VirtioBench::kBdf, 6, 2) & 8) != 0; }
    // What the guest does at each interrupt.
    void end_of_interrupt() {
        line.end_of_interrupt();
        bench.relay.run();
    }

    FakeIrqLine line;
    VirtioBench bench;
    DriverQueue driver{bench.guest, 16};
};

}  // namespace

TEST_SUITE("virtio/transport/direct_pin") {
    TEST_CASE("a signal asserts the line, the end of interrupt lets it go") {
        Bench bench;
        REQUIRE(bench.pin.open().has_value());

        bench.pin.event().signal();

        CHECK(bench.line.level());
        bench.line.end_of_interrupt();
        bench.relay.run();
        CHECK_FALSE(bench.line.level());
        CHECK(bench.line.changes == 0);
    }

    TEST_CASE("a cause that is still there asserts the line again at the end of interrupt") {
        Bench bench;
        REQUIRE(bench.pin.open().has_value());
        bench.pin.event().signal();
        bench.wanted = true;

        bench.line.end_of_interrupt();
        CHECK_FALSE(bench.line.level());
        bench.relay.run();

        CHECK(bench.line.level());
    }

    TEST_CASE("of two that share a line each brings it back for itself alone") {
        Bench bench;
        bool other_wanted = true;
        DirectPin other(
            bench.router, kInput, bench.ends, [&] { return other_wanted; },
            [](std::string_view) {});
        REQUIRE(bench.pin.open().has_value());
        REQUIRE(other.open().has_value());
        bench.pin.event().signal();
        other.event().signal();

        bench.line.end_of_interrupt();
        bench.relay.run();
        CHECK(bench.line.level());
        other_wanted = false;
        bench.line.end_of_interrupt();
        bench.relay.run();

        CHECK_FALSE(bench.line.level());
        other.close();
        CHECK(bench.line.bound_count() == 1);
    }

    TEST_CASE("a pin that is routed anew is bound to the new line, once a change (P14)") {
        Bench bench;
        FakeIrqLine other;
        REQUIRE(bench.pin.open().has_value());
        bench.wanted = true;

        bench.router.connect(kInput, &other);
        bench.router.connect(kInput, &other);

        CHECK(bench.line.bound_count() == 0);
        CHECK_FALSE(bench.line.level());
        CHECK(other.binds == 1);
        CHECK(other.level());
        bench.router.connect(kInput, nullptr);
        CHECK(other.bound_count() == 0);
        bench.pin.close();
        bench.router.connect(kInput, &other);
        CHECK(other.binds == 1);
    }

    TEST_CASE("a line that refuses is told of: when it is opened, and when it is routed there") {
        Bench bench;
        bench.line.refusals = 1;
        CHECK_FALSE(bench.pin.open().has_value());
        CHECK_FALSE(bench.pin.is_open());
        CHECK(bench.relay.watched() == 1);
        REQUIRE(bench.pin.open().has_value());
        FakeIrqLine other;
        other.refusals = 1;

        bench.router.connect(kInput, &other);

        CHECK(bench.lost == std::vector<std::string>{"no way by an event"});
    }

    TEST_CASE("a running disk without MSI-X asserts its line with nobody's help") {
        DiskBench disk;
        disk.serve();

        CHECK(disk.line.level());
        CHECK(disk.line.changes == 0);
        CHECK(disk.interrupt_status());
        CHECK(disk.read_isr() == spec::kIsrQueue);
        CHECK_FALSE(disk.interrupt_status());
        disk.end_of_interrupt();
        CHECK_FALSE(disk.line.level());
    }

    TEST_CASE("an end of interrupt before the ISR is read brings the interrupt back") {
        DiskBench disk;
        disk.serve();

        disk.end_of_interrupt();
        CHECK(disk.line.level());
        CHECK(disk.read_isr() == spec::kIsrQueue);
        disk.end_of_interrupt();

        CHECK_FALSE(disk.line.level());
    }

    TEST_CASE("interrupt disable lets the line go, keeps the status, and gives it back (P14)") {
        DiskBench disk;
        disk.serve();
        CHECK(disk.line.level());

        disk.bench.pci.set_command(VirtioBench::kBdf, VirtioBench::kMemoryAndMaster | 0x400);
        CHECK_FALSE(disk.line.level());
        CHECK(disk.line.bound_count() == 0);
        CHECK(disk.interrupt_status());
        disk.bench.pci.set_command(VirtioBench::kBdf, VirtioBench::kMemoryAndMaster);

        CHECK(disk.line.level());
        CHECK(disk.line.bound_count() == 1);
    }

    TEST_CASE("MSI-X, reset and removal each let the line go") {
        DiskBench disk;
        disk.serve();
        const auto msix = disk.bench.pci.find_capability(VirtioBench::kBdf, 0x11);
        REQUIRE(msix.has_value());

        disk.bench.pci.write(VirtioBench::kBdf, *msix + 2, 2, 0x8000);
        CHECK(disk.line.bound_count() == 0);
        disk.bench.pci.write(VirtioBench::kBdf, *msix + 2, 2, 0);
        CHECK(disk.line.bound_count() == 1);
        CHECK(disk.bench.reset_and_wait());
        CHECK(disk.line.bound_count() == 0);
        disk.bench.start(disk.driver);
        CHECK(disk.line.bound_count() == 1);
        disk.bench.device.reset();

        CHECK(disk.line.bound_count() == 0);
        CHECK_FALSE(disk.line.level());
    }

    TEST_CASE("a line without such a way is asserted from the VM loop as before") {
        DiskBench disk(1);
        disk.serve();
        disk.bench.relay.run();

        CHECK(disk.line.asserted);
        CHECK(disk.read_isr() == spec::kIsrQueue);
        CHECK_FALSE(disk.line.asserted);
    }

    TEST_CASE("a running disk that is routed to a line that refuses loses no interrupt") {
        DiskBench disk;
        disk.serve();
        FakeIrqLine other;
        other.refusals = 1;

        disk.bench.machine.host.intx().connect(kInput, &other);

        CHECK_FALSE(disk.line.level());
        CHECK(other.asserted);
        CHECK(disk.read_isr() == spec::kIsrQueue);
        CHECK_FALSE(other.asserted);
    }
}
