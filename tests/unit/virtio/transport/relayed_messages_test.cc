// SPDX-License-Identifier: Apache-2.0
// Proves virtio/transport/relayed_messages: MSI-X without irqfd is as MSI-X with it.
#include "virtio/transport/relayed_messages.h"

#include <doctest/doctest.h>

#include <functional>

#include "pci/msix.h"
#include "tests/unit/virtio/virtio_bench.h"

using namespace siskin;

namespace {

constexpr MsiMessage kMessage{0xfee00000, 0x41};

// A table of two vectors over one way to deliver; `deliver` is what the kernel or the loop does.
struct Way {
    explicit Way(bool relayed) : table(2, relayed ? relayed_way : direct_way, "test") {
        table.set_gate({true, false, true});
    }
    void entry(unsigned vector, MsiMessage message, bool masked) {
        table.table().write(IoAccess{vector * 16U, 8}, message.address);
        table.table().write(IoAccess{vector * 16U + 8, 4}, message.data);
        table.table().write(IoAccess{vector * 16U + 12, 4}, masked ? 1 : 0);
    }
    void signal(std::uint16_t vector) {
        (*table.event(vector))->signal();
        deliver();
    }
    void deliver() {
        target.deliver();
        relay.run();
    }

    FakeMsiTarget target;
    ManualRelay relay;
    RelayedMessages relayed_messages{target, relay};
    MsiTarget& direct_way = target;
    MsiTarget& relayed_way = relayed_messages;
    MsixTable table;
};

// Runs the steps on both ways.
void both(const std::function<void(Way&)>& steps) {
    for (const bool relayed : {false, true}) {
        CAPTURE(relayed);
        Way way(relayed);
        steps(way);
    }
}

}  // namespace

TEST_SUITE("virtio/transport/relayed_messages") {
    TEST_CASE("each signal of an open vector is one message") {
        both([](Way& way) {
            way.entry(0, kMessage, false);

            way.signal(0);
            way.signal(0);

            CHECK(way.target.messages == std::vector<MsiMessage>{kMessage, kMessage});
        });
    }

    TEST_CASE("signals of a masked vector are one pending bit, and one message on unmasking") {
        both([](Way& way) {
            way.entry(0, kMessage, true);
            for (int count = 0; count < 3; ++count) {
                way.signal(0);
            }
            CHECK(way.target.messages.empty());
            CHECK(way.table.pending_bits().read(IoAccess{0, 8}) == 1);

            way.entry(0, kMessage, false);
            way.deliver();

            CHECK(way.target.messages == std::vector<MsiMessage>{kMessage});
            CHECK(way.table.pending_bits().read(IoAccess{0, 8}) == 0);
        });
    }

    TEST_CASE("a new target while masked is where the message goes") {
        both([](Way& way) {
            constexpr MsiMessage kOther{0xfee01000, 0x55};
            way.entry(0, kMessage, false);
            way.entry(0, kMessage, true);
            way.signal(0);

            way.entry(0, kOther, false);
            way.deliver();

            CHECK(way.target.messages == std::vector<MsiMessage>{kOther});
        });
    }

    TEST_CASE("the function mask and bus mastering hold messages back, and let them out") {
        both([](Way& way) {
            way.entry(0, kMessage, false);
            way.table.set_gate({true, true, true});
            way.signal(0);
            CHECK(way.target.messages.empty());
            way.table.set_gate({true, false, true});
            way.deliver();
            CHECK(way.target.messages.size() == 1);
            way.table.set_gate({true, false, false});
            way.signal(0);
            CHECK(way.target.messages.size() == 1);
            way.table.set_gate({true, false, true});
            way.deliver();

            CHECK(way.target.messages.size() == 2);
        });
    }

    TEST_CASE("disabling MSI-X or a reset while masked leaves nothing behind") {
        both([](Way& way) {
            way.entry(0, kMessage, true);
            way.signal(0);

            way.table.reset();
            way.table.set_gate({true, false, true});
            way.entry(0, kMessage, false);
            way.deliver();

            CHECK(way.target.messages.empty());
            CHECK(way.table.bind_failures() == 0);
        });
    }

    TEST_CASE("no binding in the kernel is made, and none is left in the loop") {
        Way way(true);
        way.entry(0, kMessage, false);
        way.signal(0);
        CHECK(way.target.bound_count() == 0);
        CHECK(way.relay.watched() == 1);

        way.entry(0, kMessage, true);

        CHECK(way.relay.watched() == 0);
    }

    TEST_CASE("x-irqfd=off: a disk's completion arrives all the same, several queues a vector") {
        BlkPciConfig config;
        config.virtio.x_irqfd = false;
        config.blk.num_queues = 2;
        VirtioBench bench(config);
        bench.pci.set_msix_control(VirtioBench::kBdf, pci_spec::kMsixEnable);
        bench.pci.set_msix_entry(VirtioBench::kBdf, 1, kMessage, false);
        DriverQueue driver(bench.guest, 8);
        bench.start(driver, {virtio_spec::kBlockFeatureFlush}, 1);

        CHECK(bench.run(driver, virtio_spec::kBlockRead, 0) == virtio_spec::kBlockStatusOk);
        bench.relay.run();

        CHECK(bench.machine.msi.bound_count() == 0);
        CHECK(bench.machine.msi.messages == std::vector<MsiMessage>{kMessage});
    }
}
