// SPDX-License-Identifier: Apache-2.0
// Proves virtio/scsi/scsi_pci: the types and their interfaces; a host that a legacy driver uses.
#include "virtio/scsi/scsi_pci.h"

#include <doctest/doctest.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bus/access_hold.h"
#include "tests/harness/driver_pci.h"
#include "tests/unit/virtio/legacy_registers.h"
#include "tests/unit/virtio/scsi/scsi_host_bench.h"

namespace siskin {

namespace spec = virtio_spec;

namespace {

constexpr Bdf kBdf{0, DevFn::of(3, 0)};
constexpr Bdf kBdfBelowPort{1, DevFn::of(0, 0)};
constexpr std::uint64_t kSenseSize = 20 + offsetof(spec::ScsiConfigSpace, sense_size);
constexpr std::uint64_t kCdbSize = 20 + offsetof(spec::ScsiConfigSpace, cdb_size);
constexpr std::uint32_t kHotplug = 1U << spec::kScsiFeatureHotplug;
const std::vector<std::uint8_t> kRead{0x28, 0, 0, 0, 0, 4, 0, 0, 1, 0};

// A machine with a root port, for hosts on the root bus and below the port.
struct HostMachine {
    HostMachine() { pci.open_bridge(Bdf{0, DevFn::of(1, 0)}, 1, 1, 0xe0000000, 0xefffffff); }
    Result<std::unique_ptr<VirtioPci>> create(const DeviceType& type, PciBus& bus, DevFn devfn,
                                              const Value::Dict& arguments = {}) {
        PciPlace place = machine.place(bus, devfn, false, "s0");
        place.type_name = type.name;
        config = SISKIN_TRY(configure(type, arguments));
        return create_scsi_pci(type, std::move(place), config, services, thread.get(), 1, "s0.0");
    }
    Result<std::unique_ptr<VirtioPci>> on_root(const DeviceType& type = kScsiPciType,
                                               const Value::Dict& arguments = {}) {
        return create(type, machine.host.root(), kBdf.devfn, arguments);
    }
    Result<std::unique_ptr<VirtioPci>> below_port(const DeviceType& type = kScsiPciType,
                                                  const Value::Dict& arguments = {}) {
        return create(type, port->secondary(), kBdfBelowPort.devfn, arguments);
    }
    [[nodiscard]] OnOffAuto disable_legacy() const {
        return static_cast<const ScsiPciConfig*>(config.get())->virtio.disable_legacy;
    }

    TestGuest guest;
    PciMachine machine{2};
    std::unique_ptr<ExpressPort> port =
        make_port(machine, kRootPortType, machine.host.root(), DevFn::of(1, 0), "rp1");
    DriverPci pci{machine};
    ManualRelay relay;
    LineEnds line_ends{relay};
    VirtioPciServices services{machine.msi, machine.doorbells, relay, line_ends,
                               [this] { return guest.memory(); }};
    std::unique_ptr<IoThread> thread = *IoThread::create("io");
    std::shared_ptr<void> config;
};

// A transitional host with a disk 1:0, and what a legacy driver has of it.
struct LegacyHost : HostMachine, LegacyRegisters {
    static constexpr std::uint16_t kQueueSize = 256;
    using Queues = std::array<DriverQueue, 3>;

    LegacyHost() : LegacyRegisters(HostMachine::pci) {
        auto created = on_root();
        SISKIN_ASSERT(created.has_value());
        device = std::move(*created);
        ScsiDiskBackends backends{host().bus(), &disk};
        auto made = ScsiDisk::create(kScsiHdType, "", std::make_shared<ScsiHdConfig>(), {},
                                     ScsiAddress{1, 0}, std::move(backends), false);
        SISKIN_ASSERT(made.has_value());
        hd = std::move(*made);
        hold.attach();
        pci.assign_bar(kBdf, 0, kPorts);
        pci.set_command(kBdf, kPortsMemoryAndMaster);
    }
    ScsiDevice& host() { return dynamic_cast<ScsiDevice&>(device->device()); }
    Queues make_queues() {
        return {DriverQueue::legacy(guest, kQueueSize), DriverQueue::legacy(guest, kQueueSize),
                DriverQueue::legacy(guest, kQueueSize)};
    }
    // Up to where DRIVER_OK comes.
    void prepare(const Queues& queues, std::uint32_t features = 0) {
        set_legacy_status(0);
        set_legacy_status(1);
        set_legacy_status(3);
        set_features(features);
        for (std::uint16_t index = 0; index < queues.size(); ++index) {
            set_queue(index, page_of(queues[index]));
        }
    }
    void start(const Queues& queues, std::uint32_t features = 0) {
        prepare(queues, features);
        set_legacy_status(7);
    }
    // Offers a command to the disk, and its buffers of these sizes; returns where they begin: the
    // response, then the data.
    std::uint64_t offer(DriverQueue& queue, const std::vector<std::uint8_t>& cdb,
                        std::uint32_t data_size, std::uint32_t cdb_size = 32,
                        std::uint32_t sense_size = 96) {
        spec::ScsiRequestHeader header;
        header.lun = {1, 1, 0, 0};
        const std::uint64_t at = guest.allocate(sizeof(header) + cdb_size);
        guest.write(at, header);
        guest.put(at + sizeof(header), cdb);
        const std::uint32_t response_size =
            std::uint32_t{sizeof(spec::ScsiResponseHeader)} + sense_size;
        const std::uint64_t response = guest.allocate(response_size + data_size + 1);
        guest.fill(response, response_size + data_size, 0xee);
        queue.put_available(
            queue.put_chain(0, {{at, std::uint32_t{sizeof(header)} + cdb_size, false},
                                {response, response_size + data_size, true}}));
        legacy_notify(spec::kScsiRequestQueue);
        return response;
    }
    // And waits.
    std::uint64_t run(DriverQueue& queue, const std::vector<std::uint8_t>& cdb,
                      std::uint32_t data_size, std::uint32_t cdb_size = 32,
                      std::uint32_t sense_size = 96) {
        const std::uint64_t response = offer(queue, cdb, data_size, cdb_size, sense_size);
        CHECK(eventually([&] { return queue.take_used().has_value(); }));
        return response;
    }
    // After power-on and resets the disk has something to tell.
    void clear_attention(DriverQueue& queue) {
        while (guest.read<spec::ScsiResponseHeader>(run(queue, {0, 0, 0, 0, 0, 0}, 0)).status !=
               scsi_spec::kGood) {
        }
    }
    bool wait_until_let_go() {
        return eventually([&] { return !hold.is_held(); });
    }
    ~LegacyHost() {
        hd.reset();
        device.reset();
    }
    LegacyHost(const LegacyHost&) = delete;
    LegacyHost& operator=(const LegacyHost&) = delete;

    MemoryDisk disk{1 * kMiB};
    AccessHold hold;
    std::unique_ptr<VirtioPci> device;
    std::unique_ptr<ScsiDisk> hd;
};

}  // namespace

TEST_SUITE("virtio/scsi/scsi_pci") {
    TEST_CASE("types that say which interfaces they have leave no choice of them") {
        for (const DeviceType* const type :
             {&kScsiPciTransitionalType, &kScsiPciNonTransitionalType}) {
            CAPTURE(type->name);
            CHECK(type->alias.empty());
            for (const std::string_view name : {"disable-legacy", "disable-modern"}) {
                CHECK(configure(*type, {{std::string(name), "off"}}).error().message ==
                      concat("Property '", type->name, ".", name, "' not found"));
            }
            CHECK(configure(*type, {{"num_queues", 3}}).has_value());
        }
        CHECK(configure(kScsiPciType, {{"disable-legacy", "off"}}).has_value());
        CHECK(kScsiPciType.alias == "virtio-scsi");
    }

    TEST_CASE("a host is transitional on the root bus and modern below a port (§4.1.2)") {
        HostMachine machine;
        {
            const auto transitional = machine.on_root();
            REQUIRE(transitional.has_value());
            CHECK(machine.pci.read(kBdf, 0, 4) == 0x10041af4);
            CHECK(machine.pci.read(kBdf, 8, 4) == 0x01000000);
            CHECK(machine.pci.read(kBdf, 0x2c, 4) == 0x00081af4);
            CHECK(machine.pci.size_bar(kBdf, 0) == 64);
            CHECK(machine.disable_legacy() == OnOffAuto::Off);
            CHECK((*transitional)->parts()[0].type == "virtio-scsi-device");
        }
        const auto modern = machine.below_port();
        REQUIRE(modern.has_value());
        CHECK(machine.pci.read(kBdfBelowPort, 0, 4) == 0x10481af4);
        CHECK(machine.pci.read(kBdfBelowPort, 8, 4) == 0x01000001);
        CHECK(machine.pci.size_bar(kBdfBelowPort, 0) == 0);
        CHECK(machine.disable_legacy() == OnOffAuto::On);
    }

    TEST_CASE("what is asked for counts, wherever the host is") {
        HostMachine machine;
        const auto id = [&](Bdf bdf) { return machine.pci.read(bdf, 0, 4); };
        {
            const auto made = machine.below_port(kScsiPciTransitionalType);
            REQUIRE(made.has_value());
            CHECK(id(kBdfBelowPort) == 0x10041af4);
        }
        {
            const auto made = machine.below_port(kScsiPciType, {{"disable-legacy", "off"}});
            REQUIRE(made.has_value());
            CHECK(id(kBdfBelowPort) == 0x10041af4);
        }
        {
            const auto made = machine.on_root(kScsiPciNonTransitionalType);
            REQUIRE(made.has_value());
            CHECK(id(kBdf) == 0x10481af4);
        }
        {
            const auto made = machine.on_root(kScsiPciType, {{"disable-modern", "on"}});
            REQUIRE(made.has_value());
            CHECK(id(kBdf) == 0x10041af4);
            CHECK(machine.pci.size_bar(kBdf, 4) == 0);
        }
    }

    TEST_CASE("a host without any interface is refused, and so is a plan of it") {
        HostMachine machine;
        const Value::Dict neither{{"disable-legacy", "on"}, {"disable-modern", "on"}};
        const std::string wanted =
            "virtio-scsi-pci: neither the modern nor the legacy interface is left: say "
            "disable-modern=off or disable-legacy=off";

        const auto refused = machine.on_root(kScsiPciType, neither);
        const auto problems = scsi_pci_problems(
            kScsiPciType, machine.machine.place(machine.machine.host.root(), kBdf.devfn),
            *static_cast<const ScsiPciConfig*>(machine.config.get()), 1);

        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().message == wanted);
        REQUIRE(problems.size() == 1);
        CHECK(problems[0].message == wanted);
    }

    TEST_CASE("a plan has the BARs of the host that it plans") {
        HostMachine machine;
        machine.config = kScsiPciType.make_config();
        PciPlace place = machine.machine.place(machine.machine.host.root(), kBdf.devfn);

        const auto plan = create_scsi_pci(kScsiPciType, std::move(place), machine.config,
                                          machine.services, nullptr, 1, "s0.0");

        REQUIRE(plan.has_value());
        CHECK(machine.pci.size_bar(kBdf, 0) == 64);
    }

    TEST_CASE("a legacy driver reads what is on a disk (§5.6.4.3, §5.6.6.1.3)") {
        LegacyHost host;
        auto queues = host.make_queues();
        host.disk.bytes[4 * 512] = 0x77;
        host.start(queues);
        CHECK(host.get(20, 4) == 1);
        CHECK(host.get(20 + 28, 2) == 0);
        CHECK(host.get(20 + 30, 2) == 255);
        host.clear_attention(queues[2]);

        const std::uint64_t response = host.run(queues[2], kRead, 512);

        const auto header = host.guest.read<spec::ScsiResponseHeader>(response);
        CHECK(header.response == spec::kScsiOk);
        CHECK(header.status == scsi_spec::kGood);
        CHECK(header.residual == 0);
        CHECK(host.guest.read<std::uint8_t>(response + 12 + 96) == 0x77);
    }

    TEST_CASE("a legacy driver's control requests are answered (§5.6.6.2.1)") {
        LegacyHost host;
        auto queues = host.make_queues();
        host.start(queues);
        const std::uint64_t at = host.guest.allocate(25);
        host.guest.write(at, ule32(spec::kScsiTaskManagement));
        host.guest.write(at + 4,
                         spec::ScsiTaskManagementRequest{spec::kScsiUnitReset, {1, 1, 0, 0}, 0});
        host.guest.write(at + 24, std::uint8_t{0xff});

        queues[0].put_available(queues[0].put_chain(0, {{at, 24, false}, {at + 24, 1, true}}));
        host.legacy_notify(spec::kScsiControlQueue);

        REQUIRE(eventually([&] { return queues[0].take_used().has_value(); }));
        CHECK(host.guest.read<std::uint8_t>(at + 24) == spec::kScsiFunctionComplete);
    }

    TEST_CASE("a legacy driver that accepted HOTPLUG is told of a unit that comes (§5.6.6.3.3)") {
        LegacyHost host;
        auto queues = host.make_queues();
        host.start(queues, kHotplug);
        const std::uint64_t at = host.guest.allocate(16);
        queues[1].put_available(queues[1].put_chain(0, {{at, 16, true}}));
        host.legacy_notify(spec::kScsiEventQueue);
        MemoryDisk other{1 * kMiB};

        const auto unit =
            ScsiDisk::create(kScsiHdType, "", std::make_shared<ScsiHdConfig>(), {},
                             ScsiAddress{2, 5}, ScsiDiskBackends{host.host().bus(), &other}, true);

        REQUIRE(unit.has_value());
        REQUIRE(eventually([&] { return queues[1].take_used().has_value(); }));
        const auto event = host.guest.read<spec::ScsiEvent>(at);
        CHECK(event.event == spec::kScsiEventTransportReset);
        CHECK(event.lun == spec::ScsiLunField{1, 2, 0, 5});
        CHECK(event.reason == spec::kScsiResetRescan);
    }

    TEST_CASE("sizes may be told byte by byte, before any status, until a reset (§5.6.4.2)") {
        LegacyHost host;
        auto queues = host.make_queues();

        for (std::uint64_t index = 0; index < 4; ++index) {
            host.set(kCdbSize + index, 1, index == 0 ? 16 : 0);
        }
        host.set(kSenseSize, 4, 18);

        CHECK(host.get(kCdbSize, 4) == 16);
        CHECK(host.get(kSenseSize, 4) == 18);
        host.set(kCdbSize + 3, 1, 1);
        host.set(kCdbSize - 4, 1, 18);
        host.set(20, 1, 9);
        CHECK(host.get(kCdbSize, 4) == 16);
        CHECK(host.get(20, 4) == 1);
        host.set_legacy_status(1);
        host.set_legacy_status(3);
        for (std::uint16_t index = 0; index < queues.size(); ++index) {
            host.set_queue(index, LegacyHost::page_of(queues[index]));
        }
        host.set_legacy_status(7);
        const std::uint64_t response = host.run(queues[2], kRead, 512, 16, 18);
        const auto header = host.guest.read<spec::ScsiResponseHeader>(response);
        CHECK(header.status == scsi_spec::kCheckCondition);
        CHECK(header.sense_len == 18);
        host.set_legacy_status(0);
        REQUIRE(host.wait_until_let_go());
        CHECK(host.get(kCdbSize, 4) == 32);
        CHECK(host.get(kSenseSize, 4) == 96);
    }

    TEST_CASE("a reset with commands in flight holds its vCPU until no more is written (T08)") {
        LegacyHost host;
        auto queues = host.make_queues();
        host.start(queues);
        host.clear_attention(queues[2]);
        host.disk.hold();
        const std::uint64_t response = host.offer(queues[2], kRead, 512);
        REQUIRE(eventually([&] { return host.disk.waiting() == 1; }));

        host.set_legacy_status(0);
        CHECK(host.hold.is_held());
        host.disk.let_go();
        REQUIRE(host.wait_until_let_go());

        host.guest.fill(response, 620, 0x5a);
        host.thread->run_and_wait([](IoLoop&) {});
        CHECK(host.guest.bytes(response, 620) == std::vector<std::uint8_t>(620, 0x5a));
        auto fresh = host.make_queues();
        host.start(fresh);
        host.clear_attention(fresh[2]);
        CHECK(host.guest.read<spec::ScsiResponseHeader>(host.run(fresh[2], kRead, 512)).status ==
              scsi_spec::kGood);
    }
}

}  // namespace siskin
