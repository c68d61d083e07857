// SPDX-License-Identifier: Apache-2.0
// Proves virtio/block/blk_pci: properties and what is refused.
#include "virtio/block/blk_pci.h"

#include <doctest/doctest.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <string_view>

#include "base/object/device_type.h"
#include "tests/unit/virtio/virtio_bench.h"

namespace siskin {

namespace {

constexpr std::chrono::seconds kBusy{20};

class RefusingRelay final : public InterruptRelay {
public:
    Result<std::unique_ptr<Binding>> watch(const EventFd&, std::function<void()>) override {
        return fail("no descriptor left");
    }
};

// The refusal of a second device with these arguments, or nothing.
std::string refusal(const Value::Dict& arguments) {
    VirtioBench bench;
    bench.device.reset();
    const auto config = configure(kBlkPciType, arguments);
    if (!config) {
        return config.error().message;
    }
    const auto created = bench.create(*static_cast<const BlkPciConfig*>(config->get()));
    CHECK(bench.disk.claimed == created.has_value());
    return created ? std::string() : created.error().message;
}

}  // namespace

TEST_SUITE("virtio/block/blk_pci") {
    TEST_CASE("the type is virtio-blk-pci, and virtio-blk") {
        CHECK(kBlkPciType.name == "virtio-blk-pci");
        CHECK(kBlkPciType.alias == "virtio-blk");
        CHECK(kBlkPciType.bus == "PCI");
    }

    TEST_CASE("the non-transitional type has every property but those that choose an interface") {
        const auto has = [](const DeviceType& type, std::string_view name) {
            const auto config = type.make_config();
            return find_property(type.properties, config.get(), name).row != nullptr;
        };
        for (const DescribedProperty& property : describe_properties(kBlkPciType)) {
            CAPTURE(property.row->name);
            const bool chooses =
                property.row->name == "disable-legacy" || property.row->name == "disable-modern";
            CHECK(has(kBlkPciNonTransitionalType, property.row->name) != chooses);
        }
        CHECK(kBlkPciNonTransitionalType.name == "virtio-blk-pci-non-transitional");
        CHECK(kBlkPciNonTransitionalType.alias.empty());
        CHECK(is_blk_pci(kBlkPciType));
        CHECK(is_blk_pci(kBlkPciNonTransitionalType));
    }

    TEST_CASE("a non-transitional device is one of its type, with the same back end") {
        VirtioBench bench;
        bench.device.reset();

        const auto device =
            create_blk_pci(bench.machine.place(bench.machine.host.root(), DevFn::of(3, 0)),
                           kBlkPciNonTransitionalType.make_config(), bench.services,
                           BlkPciBackends{bench.disk, BlockThreads{{bench.io_thread.get()}, {}}, 1},
                           kBlkPciNonTransitionalType);

        REQUIRE(device.has_value());
        CHECK(&(*device)->type() == &kBlkPciNonTransitionalType);
        REQUIRE((*device)->parts().size() == 1);
        CHECK((*device)->parts().front().type == "virtio-blk-device");
    }

    TEST_CASE("errors of a non-transitional device name its type") {
        VirtioBench bench;
        BlkPciConfig settings;
        settings.blk.scsi = true;

        const auto problems = blk_pci_problems(
            kBlkPciNonTransitionalType,
            bench.machine.place(bench.machine.host.root(), DevFn::of(3, 0)), settings, nullptr, 1);

        REQUIRE(problems.size() == 1);
        CHECK(problems.front().message.starts_with("Property 'virtio-blk-pci-non-transitional."));
    }

    TEST_CASE("what is left unset becomes what is chosen, what is set stays") {
        VirtioBench bench;
        bench.device.reset();
        const auto made = [&](const BlkPciConfig& settings) {
            const auto config = std::make_shared<BlkPciConfig>(settings);
            const auto device = create_blk_pci(
                bench.machine.place(bench.machine.host.root(), DevFn::of(3, 0)), config,
                bench.services,
                BlkPciBackends{bench.disk, BlockThreads{{bench.io_thread.get()}, {}}, 3});
            REQUIRE(device.has_value());
            return *config;
        };
        BlkPciConfig given;
        given.virtio.vectors = 0;
        given.blk.num_queues = 2;
        given.blk.cyls = 100;
        given.blk.heads = 4;
        given.blk.secs = 5;

        const BlkPciConfig chosen = made({});
        const BlkPciConfig kept = made(given);

        CHECK(chosen.blk.num_queues == 3);
        CHECK(chosen.virtio.vectors == 4U);
        CHECK(chosen.virtio.disable_legacy == OnOffAuto::Off);
        CHECK(chosen.blk.logical_block_size == ByteCount{512});
        CHECK(chosen.blk.physical_block_size == ByteCount{512});
        CHECK(chosen.blk.cyls >= 2);
        CHECK(chosen.blk.heads == 16);
        CHECK(chosen.blk.secs == 63);
        CHECK(kept.blk.num_queues == 2);
        CHECK(kept.virtio.vectors == 0U);
        CHECK(kept.blk.cyls == 100);
        CHECK(kept.blk.heads == 4);
        CHECK(kept.blk.secs == 5);
        CHECK_FALSE(kept.blk.bootindex.has_value());
    }

    TEST_CASE("QEMU's numbers for what is not set are taken for that") {
        CHECK(refusal({{"num-queues", 65535},
                       {"vectors", 4294967295U},
                       {"bootindex", -1},
                       {"romsize", 4294967295U},
                       {"logical_block_size", 0},
                       {"physical_block_size", 0}})
                  .empty());
    }

    TEST_CASE("what libvirt and kata send makes a device") {
        CHECK(refusal({{"driver", "virtio-blk-pci"},
                       {"id", "virtio-disk0"},
                       {"drive", "disk0"},
                       {"bus", "pcie.0"},
                       {"addr", "0x4"},
                       {"bootindex", 1},
                       {"write-cache", "on"},
                       {"disable-legacy", "on"},
                       {"disable-modern", "off"},
                       {"scsi", "off"},
                       {"config-wce", "off"},
                       {"share-rw", "on"},
                       {"num-queues", "4"},
                       {"queue-size", 256},
                       {"logical_block_size", "512"},
                       {"physical_block_size", "4k"},
                       {"serial", "01234567890123456789"},
                       {"iothread", "io1"},
                       {"romfile", ""},
                       {"packed", "off"},
                       {"iommu_platform", "off"},
                       {"ioeventfd", "on"},
                       {"event_idx", "on"},
                       {"indirect_desc", "on"},
                       {"vectors", 5}})
                  .empty());
    }

    TEST_CASE("a value that cannot be is refused, names the limit, and the node is free again") {
        CHECK(refusal({{"serial", "012345678901234567890"}}) ==
              "virtio-blk-pci: serial is 21 bytes long, the most is 20");
        CHECK(refusal({{"queue-size", 100}}) ==
              "virtio-blk-pci: queue-size is 100, allowed is a power of two");
        CHECK(refusal({{"queue-size", 2048}}).find("from 4 to 1024") != std::string::npos);
        CHECK(refusal({{"num-queues", 0}}).find("from 1 to 64") != std::string::npos);
        CHECK(refusal({{"num-queues", 65}}).find("from 1 to 64") != std::string::npos);
        CHECK(refusal({{"logical_block_size", 1000}}).find("a power of two") != std::string::npos);
        CHECK(refusal({{"logical_block_size", 4096}}).find("physical_block_size is 512") !=
              std::string::npos);
        CHECK(refusal({{"scsi", "on"}}) ==
              "Property 'virtio-blk-pci.scsi' doesn't take value 'on', allowed is off");
        CHECK(refusal({{"disable-legacy", "on"}, {"disable-modern", "on"}})
                  .starts_with("virtio-blk-pci: neither the modern nor the legacy interface"));
        CHECK(refusal({{"no-such", 1}}) == "Property 'virtio-blk-pci.no-such' not found");
    }

    TEST_CASE("the transitional type leaves no choice, and has the disk's other properties") {
        CHECK(configure(kBlkPciTransitionalType, {{"disable-legacy", "off"}}).error().message ==
              "Property 'virtio-blk-pci-transitional.disable-legacy' not found");
        CHECK(configure(kBlkPciTransitionalType, {{"disable-modern", "off"}}).error().message ==
              "Property 'virtio-blk-pci-transitional.disable-modern' not found");
        VirtioBench bench;
        bench.device.reset();
        const auto config = configure(kBlkPciTransitionalType, {{"serial", "S"}});
        REQUIRE(config.has_value());

        const auto device = create_blk_pci(
            bench.machine.place(bench.port->secondary(), DevFn::of(0, 0)), *config, bench.services,
            BlkPciBackends{bench.disk, BlockThreads{{bench.io_thread.get()}, {}}, 1},
            kBlkPciTransitionalType);

        REQUIRE(device.has_value());
        CHECK(bench.pci.read(VirtioBench::kBdf, 0, 4) == 0x10011af4);
        CHECK((*device)->parts()[0].type == "virtio-blk-device");
    }

    TEST_CASE("what disable-legacy=auto has become is told afterwards, as in QEMU") {
        VirtioBench bench;
        bench.device.reset();
        const auto told = [&](PciBus& bus) {
            auto config = std::make_shared<BlkPciConfig>();
            const auto device = create_blk_pci(
                bench.machine.place(bus, DevFn::of(6, 0)), config, bench.services,
                BlkPciBackends{bench.disk, BlockThreads{{bench.io_thread.get()}, {}}, 1});
            CHECK(device.has_value());
            return config->virtio.disable_legacy;
        };

        CHECK(told(bench.machine.host.root()) == OnOffAuto::Off);
        CHECK(told(bench.port->secondary()) == OnOffAuto::On);
    }

    TEST_CASE("queues are one a CPU when not said otherwise") {
        VirtioBench bench;

        CHECK(bench.common(virtio_spec::kCommonNumQueues, 2) == 2);
    }

    TEST_CASE("a node in use is refused and stays with its device") {
        VirtioBench bench;
        PciPlace place = bench.machine.place(bench.machine.host.root(), DevFn::of(2, 0));

        const auto second = create_blk_pci(
            place, std::make_shared<BlkPciConfig>(), bench.services,
            BlkPciBackends{bench.disk, BlockThreads{{bench.io_thread.get()}, {}}, 1, nullptr});

        REQUIRE_FALSE(second.has_value());
        CHECK(second.error().message == "virtio-blk-pci: in use");
        CHECK(bench.disk.claimed);
    }

    TEST_CASE("a node without an engine is refused and let go") {
        VirtioBench bench;
        bench.device.reset();
        bench.disk.refuse_engine = true;

        const auto created = bench.create({});

        REQUIRE_FALSE(created.has_value());
        CHECK_FALSE(bench.disk.claimed);
    }

    TEST_CASE("a plug that fails last waits for nobody, not for a busy I/O thread either (H07)") {
        VirtioBench bench;
        RefusingRelay relay;
        const VirtioPciServices services{bench.machine.msi, bench.machine.doorbells, relay,
                                         bench.line_ends, [&] { return bench.guest.memory(); }};
        MemoryDisk disk(kMiB);
        std::promise<void> go_on;
        bench.io_thread->post(
            [until = go_on.get_future().share()](IoLoop&) { until.wait_for(kBusy); });

        auto created = std::async(std::launch::async, [&] {
            return create_blk_pci(
                bench.machine.place(bench.machine.host.root(), DevFn::of(3, 0)),
                std::make_shared<BlkPciConfig>(), services,
                BlkPciBackends{disk, BlockThreads{{bench.io_thread.get()}, {}}, 1});
        });
        const auto came = created.wait_for(kBusy / 2);
        go_on.set_value();

        CHECK(came == std::future_status::ready);
        CHECK_FALSE(created.get().has_value());
        CHECK_FALSE(disk.claimed);
    }

    TEST_CASE("a disk smaller than a block is refused; a tail that is no block is not offered") {
        MemoryDisk small(512);
        MemoryDisk odd(5 * 512);
        VirtioBench bench;
        BlkPciConfig settings;
        settings.blk.logical_block_size = ByteCount{1024};
        settings.blk.physical_block_size = ByteCount{1024};
        const auto with = [&](BlockNode& node) {
            return create_blk_pci(
                bench.machine.place(bench.machine.host.root(), DevFn::of(3, 0)),
                std::make_shared<BlkPciConfig>(settings), bench.services,
                BlkPciBackends{node, BlockThreads{{bench.io_thread.get()}, {}}, 1, nullptr});
        };

        CHECK_FALSE(with(small).has_value());
        const auto device = with(odd);
        REQUIRE(device.has_value());
        CHECK((*device)->device().read_config(0, 8) == 4);
    }
}

}  // namespace siskin
