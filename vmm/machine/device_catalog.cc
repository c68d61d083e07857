// SPDX-License-Identifier: Apache-2.0
// The list of all device types and how each is made.
#include "vmm/machine/device_catalog.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "devices/platform/isa_devices.h"
#include "devices/scsi/scsi_disk_types.h"
#include "pci/conventional_bridge.h"
#include "pci/expander.h"
#include "pci/express_port.h"
#include "pci/vga_probe.h"
#include "virtio/block/blk_pci.h"
#include "virtio/block/block_device.h"
#include "virtio/scsi/scsi_pci.h"
#include "virtio/vhost_user/vhost_user_blk_pci.h"
#include "vmm/machine/disk_builder.h"
#include "vmm/machine/isa_catalog.h"
#include "vmm/machine/scsi_catalog.h"
#include "vmm/machine/vhost_user_back_ends.h"

namespace siskin {
namespace {

template <typename Config>
const Config& config_as(const std::shared_ptr<void>& config) {
    return *static_cast<const Config*>(config.get());
}

Result<PciPlace> find_place(DeviceEnvironment& environment, const PciProperties& properties,
                            const DeviceType& type, const std::string& id,
                            const PlaceRule& rule = PlaceRule::kEndpoint) {
    if (environment.places != nullptr) {
        return environment.places->find_place(properties, type.name, id, rule);
    }
    PciBus* const bus =
        properties.bus.empty() ? &environment.pci.root() : environment.pci.find_bus(properties.bus);
    if (bus == nullptr) {
        return fail(concat("Bus '", printable(properties.bus), "' not found"));
    }
    if (!environment.hot_plugging) {
        return bus->place(properties, type.name, id, rule);
    }
    SISKIN_TRY(bus->check_hot_plug(rule));
    std::shared_ptr<OptionRom> rom =
        environment.rom ? *environment.rom : SISKIN_TRY(OptionRom::load(properties));
    PciBus::PlaceSearch search = bus->search_place(properties, type.name, id, rule);
    if (!search.place) {
        return fail(std::move(search.problems.front()));
    }
    SISKIN_TRY(bus->check_hot_plug_function(*search.place));
    search.place->rom = std::move(rom);
    return std::move(*search.place);
}

// For a plan: all that `problems()` returns, besides what is said about the place.
template <typename Problems>
void note_all(DeviceEnvironment& environment, const Problems& problems) {
    if (environment.places != nullptr) {
        for (const Error& problem : problems()) {
            environment.places->note(fail(problem));
        }
    }
}

template <const DeviceType& kType>
Result<std::unique_ptr<Device>> build_port(DeviceEnvironment& environment, std::string id,
                                           std::shared_ptr<void> config) {
    const PortModel& model = *find_port_model(kType);
    const auto& settings = config_as<PortConfig>(config);
    const auto& properties = settings.pci;
    note_all(environment,
             [&] { return ExpressPort::problems(model, settings, environment.pci.topology()); });
    PciPlace place = SISKIN_TRY(find_place(environment, properties, kType, id, *model.rule));
    return std::unique_ptr<Device>(SISKIN_TRY(
        ExpressPort::create(model, std::move(place), std::move(config), environment.msi)));
}

Result<std::unique_ptr<Device>> build_pci_bridge(DeviceEnvironment& environment, std::string id,
                                                 std::shared_ptr<void> config) {
    const auto& properties = config_as<PciBridgeConfig>(config).pci;
    note_all(environment, [&] {
        return ConventionalBridge::pci_bridge_problems(config_as<PciBridgeConfig>(config));
    });
    PciPlace place =
        SISKIN_TRY(find_place(environment, properties, kPciBridgeType, id, PlaceRule::kBridge));
    return std::unique_ptr<Device>(
        SISKIN_TRY(ConventionalBridge::create_pci_bridge(std::move(place), std::move(config))));
}

Result<std::unique_ptr<Device>> build_pcie_pci_bridge(DeviceEnvironment& environment,
                                                      std::string id,
                                                      std::shared_ptr<void> config) {
    const auto& properties = config_as<PciePciBridgeConfig>(config).pci;
    PciPlace place =
        SISKIN_TRY(find_place(environment, properties, kPciePciBridgeType, id, PlaceRule::kBridge));
    return std::unique_ptr<Device>(SISKIN_TRY(ConventionalBridge::create_pcie_pci_bridge(
        std::move(place), std::move(config), environment.msi)));
}

Result<std::unique_ptr<Device>> build_expander(DeviceEnvironment& environment, std::string id,
                                               std::shared_ptr<void> config) {
    const auto& properties = config_as<ExpanderConfig>(config).pci;
    if (environment.places != nullptr) {
        environment.places->note(Expander::check_number(config_as<ExpanderConfig>(config).bus_nr,
                                                        environment.pci.topology()));
    }
    PciPlace place =
        SISKIN_TRY(find_place(environment, properties, kExpanderType, id, PlaceRule::kExpander));
    return std::unique_ptr<Device>(
        SISKIN_TRY(Expander::create(std::move(place), std::move(config))));
}

VirtioPciServices virtio_services(DeviceEnvironment& environment) {
    return VirtioPciServices{environment.msi, environment.doorbells, environment.relay,
                             environment.line_ends,
                             [memory = environment.memory] { return memory; }};
}

std::vector<Error> blk_thread_problems(DeviceEnvironment& environment,
                                       const BlkPciConfig& properties) {
    std::vector<Error> problems;
    const auto note = [&](Result<> result) {
        if (!result) {
            problems.push_back(std::move(result).error());
        }
    };
    note(environment.io_threads.check(properties.blk.iothread));
    for (const QueueMapping& mapping : properties.blk.iothread_vq_mapping) {
        note(environment.io_threads.check(mapping.iothread));
    }
    return problems;
}

// The threads that a disk names, or the one that those share which name none.
Result<BlockThreads> find_blk_threads(DeviceEnvironment& environment,
                                      const BlkPciConfig& properties, std::string_view type_name) {
    BlockThreads threads;
    const QueueMappings& mappings = properties.blk.iothread_vq_mapping;
    if (mappings.empty()) {
        threads.threads = {SISKIN_TRY(environment.io_threads.find(properties.blk.iothread))};
        return threads;
    }
    for (const QueueMapping& mapping : mappings) {
        threads.threads.push_back(SISKIN_TRY(environment.io_threads.find(mapping.iothread)));
    }
    const BlockDeviceOptions options =
        plain_block_options_of(properties.blk, environment.vcpu_count);
    threads.thread_of_queue = SISKIN_TRY_IN(type_name, map_queues(mappings, options.num_queues));
    return threads;
}

// All that speaks against a disk besides its place.
void note_blk_problems(DeviceEnvironment& environment, const DeviceType& type,
                       const PciPlace& place, const BlkPciConfig& properties) {
    BlockNode* node = nullptr;
    if (!properties.blk.drive.empty()) {
        auto found = environment.blocks.disk(properties.blk.drive);
        environment.places->note(found ? Result<>() : Result<>(fail(found.error())));
        node = found ? *found : nullptr;
    }
    if (node != nullptr) {
        environment.places->note(check_block_unit(
            properties.blk.logical_block_size.value_or(BlkProperties::kUnsetBlockSize), *node));
    }
    note_all(environment, [&] { return blk_thread_problems(environment, properties); });
    note_all(environment, [&] {
        return blk_pci_problems(type, place, properties, node, environment.vcpu_count);
    });
}

template <const DeviceType& kType>
Result<std::unique_ptr<Device>> build_blk_pci(DeviceEnvironment& environment, std::string id,
                                              std::shared_ptr<void> config) {
    const auto& properties = config_as<BlkPciConfig>(config);
    PciPlace place = SISKIN_TRY(
        find_place(environment, properties.pci, kType, id,
                   properties.virtio.x_ari ? PlaceRule::kAriEndpoint : PlaceRule::kEndpoint));
    const bool is_plan = environment.places != nullptr;
    if (is_plan) {
        note_blk_problems(environment, kType, place, properties);
    }
    if (properties.blk.drive.empty()) {
        return fail("drive property not set: a node-name or a drive's id");
    }
    BlockThreads threads;
    if (!is_plan) {
        threads = SISKIN_TRY(find_blk_threads(environment, properties, kType.name));
    }
    BlockNode* const node = SISKIN_TRY(environment.blocks.disk(properties.blk.drive));
    SISKIN_TRY(check_block_unit(
        properties.blk.logical_block_size.value_or(BlkProperties::kUnsetBlockSize), *node));
    const VirtioPciServices services = virtio_services(environment);
    DiskPolicy policy = disk_policy(environment, properties.blk.drive, properties.blk.rerror,
                                    properties.blk.werror);
    BlkPciBackends backends{*node, std::move(threads), environment.vcpu_count};
    backends.on_read_error = policy.on_read_error;
    backends.on_write_error = policy.on_write_error;
    backends.errors = std::move(policy.errors);
    auto device = SISKIN_TRY(
        create_blk_pci(std::move(place), std::move(config), services, std::move(backends), kType));
    if (auto* const disk = dynamic_cast<BlockDevice*>(&device->device())) {
        limit_disk(environment, policy.drive_id, *disk);
    }
    return std::unique_ptr<Device>(std::move(device));
}

Result<std::unique_ptr<Device>> build_vhost_user_blk(DeviceEnvironment& environment, std::string id,
                                                     std::shared_ptr<void> config) {
    const auto& settings = config_as<VhostUserBlkPciConfig>(config);
    PciPlace place = SISKIN_TRY(
        find_place(environment, settings.pci, kVhostUserBlkPciType, id,
                   settings.virtio.x_ari ? PlaceRule::kAriEndpoint : PlaceRule::kEndpoint));
    const VirtioPciServices services = virtio_services(environment);
    if (environment.places != nullptr) {
        environment.places->note(check_vhost_user_blk(settings));
        return std::unique_ptr<Device>(SISKIN_TRY(plan_vhost_user_blk_pci(
            std::move(place), std::move(config), services, environment.vcpu_count)));
    }
    SISKIN_TRY(check_vhost_user_blk(settings));
    auto back_end = SISKIN_TRY(take_vhost_user_back_end(environment, settings));
    IoThread* const thread = SISKIN_TRY(environment.io_threads.find(""));
    return std::unique_ptr<Device>(
        SISKIN_TRY(create_vhost_user_blk_pci(std::move(place), std::move(config), services,
                                             std::move(back_end), *thread, environment.lock)));
}

template <const DeviceType& kType>
Result<std::unique_ptr<Device>> build_scsi_pci(DeviceEnvironment& environment, std::string id,
                                               std::shared_ptr<void> config) {
    const auto& properties = config_as<ScsiPciConfig>(config);
    PciPlace place = SISKIN_TRY(
        find_place(environment, properties.pci, kType, id,
                   properties.virtio.x_ari ? PlaceRule::kAriEndpoint : PlaceRule::kEndpoint));
    const bool is_plan = environment.places != nullptr;
    if (is_plan) {
        environment.places->note(environment.io_threads.check(properties.scsi.iothread));
        note_all(environment, [&] {
            return scsi_pci_problems(kType, place, properties, environment.vcpu_count);
        });
    }
    IoThread* const thread =
        is_plan ? nullptr : SISKIN_TRY(environment.io_threads.find(properties.scsi.iothread));
    return std::unique_ptr<Device>(SISKIN_TRY(create_scsi_pci(
        kType, std::move(place), std::move(config), virtio_services(environment), thread,
        environment.vcpu_count, new_scsi_bus_name(environment.devices, id))));
}

Result<std::unique_ptr<Device>> build_vga_probe(DeviceEnvironment& environment, std::string id,
                                                std::shared_ptr<void> config) {
    const auto& properties = config_as<VgaProbeConfig>(config).pci;
    PciPlace place = SISKIN_TRY(find_place(environment, properties, kVgaProbeType, id));
    return std::unique_ptr<Device>(
        SISKIN_TRY(VgaProbe::create(std::move(place), std::move(config))));
}

constexpr std::array kCatalog{
    CatalogRow{&kIoh3420Type, build_port<kIoh3420Type>},
    CatalogRow{&kPciBridgeType, build_pci_bridge},
    CatalogRow{&kPciePciBridgeType, build_pcie_pci_bridge},
    CatalogRow{&kRootPortType, build_port<kRootPortType>},
    CatalogRow{&kExpanderType, build_expander},
    CatalogRow{&kUpstreamPortType, build_port<kUpstreamPortType>},
    CatalogRow{&kDownstreamPortType, build_port<kDownstreamPortType>},
    CatalogRow{&kVhostUserBlkPciType, build_vhost_user_blk, true, prepare_vhost_user_back_end},
    CatalogRow{&kBlkPciType, build_blk_pci<kBlkPciType>, true},
    CatalogRow{&kBlkPciTransitionalType, build_blk_pci<kBlkPciTransitionalType>, true},
    CatalogRow{&kBlkPciNonTransitionalType, build_blk_pci<kBlkPciNonTransitionalType>, true},
    CatalogRow{&kScsiPciType, build_scsi_pci<kScsiPciType>, true},
    CatalogRow{&kScsiPciTransitionalType, build_scsi_pci<kScsiPciTransitionalType>, true},
    CatalogRow{&kScsiPciNonTransitionalType, build_scsi_pci<kScsiPciNonTransitionalType>, true},
    CatalogRow{&kScsiHdType, build_scsi_hd},
    CatalogRow{&kScsiCdType, build_scsi_cd},
    CatalogRow{&kVgaProbeType, build_vga_probe},
    CatalogRow{&kIsaSerialType, build_isa_serial},
    CatalogRow{&kIsaDebugconType, build_isa_debugcon},
    CatalogRow{&kIsaDebugExitType, build_isa_debug_exit},
};

}  // namespace

std::span<const CatalogRow> device_catalog() {
    return kCatalog;
}

const CatalogRow* find_device_type(std::string_view name) {
    const auto* const found =
        std::find_if(kCatalog.begin(), kCatalog.end(), [&](const CatalogRow& row) {
            return row.type->name == name || (!name.empty() && row.type->alias == name);
        });
    return found == kCatalog.end() ? nullptr : found;
}

}  // namespace siskin
