// SPDX-License-Identifier: Apache-2.0
// Proves virtio/transport/virtio_pci where DMA meets PCI: bus mastering, resets of all kinds and
// BAR moves while a request is in flight. The guest's memory is the witness.
#include "virtio/transport/virtio_pci.h"

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

#include "pci/spec.h"
#include "tests/unit/virtio/virtio_bench.h"

using namespace siskin;
using namespace siskin::pci_spec;

namespace {

namespace spec = virtio_spec;

constexpr std::uint64_t kGuestSize = 1 * kMiB;

// A running disk and one request that its host side holds up.
struct InFlight {
    InFlight() {
        bench.start(driver);
        bench.disk.hold();
        request = bench.prepare(driver, 0, spec::kBlockRead, 0);
        driver.put_available(request.head);
        bench.notify();
        REQUIRE(eventually([&] { return bench.disk.waiting() == 1; }));
    }
    std::uint64_t port_read(unsigned at, unsigned width) {
        return bench.pci.read(VirtioBench::kPort, at, width);
    }
    void port_write(unsigned at, std::uint64_t value) {
        bench.pci.write(VirtioBench::kPort, at, 2, value);
    }
    bool transactions_pending() {
        return (bench.pci.read(VirtioBench::kBdf, express() + kExpressDeviceStatus, 2) &
                kExpressTransactionsPending) != 0;
    }
    unsigned express() const { return *bench.device->express_offset(); }
    unsigned port_express() const { return *bench.port->express_offset(); }
    // As firmware and driver do it after a reset.
    void bring_back() {
        bench.pci.assign_bar(VirtioBench::kBdf, 1, VirtioBench::kMsixBar);
        bench.pci.assign_bar(VirtioBench::kBdf, 4, VirtioBench::kBar);
        bench.pci.set_command(VirtioBench::kBdf, VirtioBench::kMemoryAndMaster);
    }

    VirtioBench bench;
    DriverQueue driver{bench.guest, 16};
    VirtioBench::Request request{};
};

struct Way {
    std::string name;
    std::function<void(InFlight&)> reset;
};

const std::vector<Way> kWays{
    {"function level reset",
     [](InFlight& one) {
         const unsigned at = one.express() + kExpressDeviceControl;
         one.bench.pci.write(VirtioBench::kBdf, at, 2, kExpressInitiateFlr);
     }},
    {"secondary bus reset",
     [](InFlight& one) {
         one.port_write(kBridgeControl, kBridgeControlReset);
         one.port_write(kBridgeControl, 0);
     }},
    {"link disable",
     [](InFlight& one) {
         one.port_write(one.port_express() + kExpressLinkControl, kExpressLinkDisable);
         one.port_write(one.port_express() + kExpressLinkControl, 0);
     }},
    {"status 0", [](InFlight& one) { one.bench.set_status(0); }},
};

}  // namespace

TEST_SUITE("virtio/transport/virtio_pci") {
    TEST_CASE(
        "after any reset with DMA in flight, once it says it is done, nothing is written (P13)") {
        for (const Way& way : kWays) {
            CAPTURE(way.name);
            InFlight one;

            way.reset(one);
            CHECK(one.transactions_pending());
            one.bring_back();
            CHECK(one.bench.status() != 0);
            one.bench.disk.let_go();
            REQUIRE(eventually([&] { return !one.transactions_pending(); }));
            REQUIRE(one.bench.status() == 0);
            one.bench.settle();
            one.bench.guest.fill(one.request.data, 512, 0xa5);
            one.bench.guest.fill(one.request.status, 1, 0xa5);
            const auto before = one.bench.guest.bytes(0, kGuestSize);
            one.bench.notify();
            one.bench.settle();
            one.bench.relay.run();

            CHECK(one.bench.guest.bytes(0, kGuestSize) == before);
            DriverQueue fresh(one.bench.guest, 16);
            one.bench.start(fresh);
            CHECK(one.bench.run(fresh, spec::kBlockRead, 0) == 0);
        }
    }

    TEST_CASE("no reset opens the pin of a device that has MSI-X, not for a moment (P13, P14)") {
        std::vector<Way> ways = kWays;
        ways.push_back({"machine reset", [](InFlight& one) { one.bench.machine.host.reset(); }});
        for (const Way& way : ways) {
            CAPTURE(way.name);
            FakeIrqLine line;
            InFlight one;
            one.bench.machine.host.intx().connect(*one.bench.device->intx_input(), &line);
            one.bench.pci.set_msix_control(VirtioBench::kBdf, kMsixEnable);
            REQUIRE(line.bound_count() == 0);
            line.binds = 0;

            way.reset(one);
            one.bench.disk.let_go();
            one.bench.settle();
            one.bench.relay.run();

            CHECK(line.binds == 0);
            CHECK(line.changes == 0);
        }
    }

    TEST_CASE("a reset with a cause lets the line go, and raises it by no other way (P13, P14)") {
        std::vector<Way> ways = kWays;
        ways.push_back({"machine reset", [](InFlight& one) { one.bench.machine.host.reset(); }});
        for (const Way& way : ways) {
            CAPTURE(way.name);
            FakeIrqLine line;
            InFlight one;
            one.bench.machine.host.intx().connect(*one.bench.device->intx_input(), &line);
            one.bench.disk.let_go();
            REQUIRE(eventually([&] { return one.driver.used_index() == 1; }));
            one.bench.settle();
            REQUIRE(line.level());

            way.reset(one);
            one.bench.relay.run();

            CHECK_FALSE(line.level());
            CHECK(line.bound_count() == 0);
            CHECK(line.changes == 0);
        }
    }

    TEST_CASE(
        "without bus mastering, here or above, no byte of memory changes and no message goes "
        "(P10)") {
        for (const Bdf off : {VirtioBench::kBdf, VirtioBench::kPort}) {
            CAPTURE(off.bus);
            VirtioBench bench;
            DriverQueue driver(bench.guest, 16);
            bench.pci.set_msix_control(VirtioBench::kBdf, kMsixEnable);
            bench.pci.set_msix_entry(VirtioBench::kBdf, 1, MsiMessage{0xfee00000, 0x41}, false);
            bench.start(driver, {spec::kBlockFeatureFlush}, 1);
            const auto request = bench.prepare(driver, 0, spec::kBlockRead, 0);
            bench.pci.set_command(off, kCommandMemory);
            bench.settle();
            driver.put_available(request.head);
            const auto before = bench.guest.bytes(0, kGuestSize);

            bench.notify();
            bench.settle();
            bench.settle();
            bench.machine.msi.deliver();

            CHECK(bench.guest.bytes(0, kGuestSize) == before);
            CHECK(bench.machine.msi.messages.empty());
            bench.pci.set_command(off, VirtioBench::kMemoryAndMaster);
            CHECK(eventually([&] { return driver.used_index() == 1; }));
            bench.settle();
            bench.machine.msi.deliver();
            CHECK(bench.machine.msi.messages == std::vector<MsiMessage>{{0xfee00000, 0x41}});
        }
    }

    TEST_CASE(
        "a BAR that moves 200 times under traffic takes its doorbells along; no kick is lost "
        "(P02)") {
        VirtioBench bench;
        DriverQueue driver(bench.guest, 16);
        bench.start(driver);
        std::uint64_t at = VirtioBench::kBar;
        unsigned served = 0;
        for (unsigned move = 0; move < 200; ++move) {
            const auto request = bench.prepare(driver, 0, spec::kBlockRead, move % 100);
            driver.put_available(request.head);
            // Before the move, in the middle of it, or after it.
            const std::uint64_t kicked_at = at;
            const auto kick = [&](std::uint64_t bar) {
                bench.pci.memory_write(bar + VirtioPci::kNotifyOffset, 2, 0);
            };
            if (move % 2 == 0) {
                kick(kicked_at);
            }
            at = VirtioBench::kBar + (move % 7 + 1) * 0x4000U;
            bench.pci.assign_bar(VirtioBench::kBdf, 4, at);
            if (move % 2 != 0) {
                kick(at);
            }
            served += eventually([&] { return driver.take_used().has_value(); }) ? 1 : 0;
        }

        CHECK(served == 200);
        REQUIRE(bench.machine.doorbells.bound().size() == 1);
        CHECK(bench.machine.doorbells.bound().front().address.value() ==
              at + VirtioPci::kNotifyOffset);
    }

    TEST_CASE(
        "a move whose doorbell the kernel refuses is a move all the same; kicks arrive (P02)") {
        VirtioBench bench;
        DriverQueue driver(bench.guest, 16);
        bench.start(driver);
        constexpr std::uint64_t kOther = VirtioBench::kBar + 0x4000;
        bench.machine.doorbells.refusals = 1;

        bench.pci.assign_bar(VirtioBench::kBdf, 4, kOther);
        CHECK(bench.machine.doorbells.bound().empty());
        driver.put_available(bench.prepare(driver, 0, spec::kBlockRead, 0).head);
        bench.pci.memory_write(kOther + VirtioPci::kNotifyOffset, 2, 0);

        CHECK(eventually([&] { return driver.take_used().has_value(); }));
        CHECK(bench.pci.memory_read(VirtioBench::kBar, 4) == 0xffffffff);
        bench.pci.assign_bar(VirtioBench::kBdf, 4, VirtioBench::kBar);
        CHECK(bench.machine.doorbells.bound().size() == 1);
    }
}
