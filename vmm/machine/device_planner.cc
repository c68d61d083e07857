// SPDX-License-Identifier: Apache-2.0
// The tree of a plan.
#include "vmm/machine/device_planner.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "pci/bridge.h"
#include "pci/describe.h"
#include "pci/expander.h"
#include "vmm/machine/commands_machine.h"
#include "vmm/machine/device_builder.h"

namespace siskin {
namespace {

// What a device's report holds at most.
constexpr std::size_t kConflictsMax = 64;

}  // namespace

// No kernel behind them.
class DevicePlanner::Services final : public MsiTarget,
                                      public DoorbellRegistry,
                                      public InterruptRelay,
                                      public MachineRequests,
                                      public IoHandler {
public:
    [[nodiscard]] Result<std::unique_ptr<Binding>> bind(const EventFd&, MsiMessage) override {
        return std::make_unique<Binding>();
    }
    void send(MsiMessage) override {}
    [[nodiscard]] Result<std::unique_ptr<Binding>> bind(const EventFd&, DoorbellAddress) override {
        return std::make_unique<Binding>();
    }
    [[nodiscard]] Result<std::unique_ptr<Binding>> watch(const EventFd&,
                                                         std::function<void()>) override {
        return std::make_unique<Binding>();
    }
    void request_reset() override {}
    void request_shutdown() override {}
    void request_debug_exit(std::uint8_t) override {}
    // What is behind a stand-in's BARs.
    [[nodiscard]] std::uint64_t read(IoAccess) override { return 0; }
    void write(IoAccess, std::uint64_t) override {}

    class Line final : public IrqLine {
        void set(bool) override {}
    };
    // Stands in for what uses a chardev of the machine.
    class User final : public ChardevFrontEnd {
        [[nodiscard]] std::size_t can_receive() const override { return 0; }
        void receive(std::span<const std::uint8_t>) override {}
    };

    IsaSerialPlaces serial_places;
    ChardevRegistry chardevs;
    User chardev_user;
    std::optional<Gsi> last_line;
    LineEnds line_ends{*this};
};

DevicePlanner::DevicePlanner(const DeviceEnvironment& machine, PlanOptions options)
    : machine_(machine),
      options_(std::move(options)),
      services_(std::make_unique<Services>()),
      host_(memory_, ports_, machine.pci.root().name(), machine.pci.bus_count()),
      elsewhere_(memory_, ports_) {
    environment_.emplace(DeviceEnvironment{lock_,
                                           machine.loop,
                                           ports_,
                                           host_,
                                           *services_,
                                           *services_,
                                           *services_,
                                           services_->line_ends,
                                           [&services = *services_](Gsi line) {
                                               services.last_line = line;
                                               return std::make_unique<Services::Line>();
                                           },
                                           machine.memory,
                                           machine.vcpu_count,
                                           *services_,
                                           services_->serial_places,
                                           devices_,
                                           services_->chardevs,
                                           machine.blocks,
                                           machine.io_threads,
                                           machine.disks,
                                           options_.hot_plug,
                                           std::nullopt,
                                           this});
    if (machine.pci.topology().hotplug_notifier() != nullptr) {
        host_.topology().set_hotplug_notifier(this);
    }
}

DevicePlanner::~DevicePlanner() {
    host_.topology().set_hotplug_notifier(nullptr);
}

Result<qmp::MachinePlan> DevicePlanner::plan(
    const std::vector<qmp::DeviceDescription>& descriptions,
    const std::vector<OptionUse>& globals) {
    // Nobody looks at the maps in between.
    const Topology::Batch batch(host_.topology());
    const Topology::Batch other_batch(elsewhere_.topology());
    SISKIN_TRY(copy_machine());
    std::vector<Planned> planned;
    for (const qmp::DeviceDescription& description : descriptions) {
        planned.push_back(add(description, globals));
    }
    qmp::MachinePlan plan;
    for (Error& shortage :
         try_assign_resources(host_, options_.apertures, options_.interrupt_line)) {
        plan.conflicts.push_back(std::move(shortage.message));
    }
    if (plan.conflicts.empty()) {
        describe_all(planned);
    }
    for (Planned& one : planned) {
        plan.devices.push_back(std::move(one.report));
    }
    return plan;
}

Result<> DevicePlanner::copy_machine() {
    const MutexLock hold(machine_.lock);
    const Topology& topology = machine_.pci.topology();
    if (topology.hotplug_notifier() != nullptr) {
        for_each_bus(topology, [&](const PciBus& bus) {
            if (topology.hotplug_notifier()->covers(bus)) {
                covered_.insert(bus.name());
            }
        });
    }
    Result<> copied;
    for_each_function(topology, [&](PciFunction& function) {
        const auto& entries = machine_.devices.entries();
        const auto entry = std::find_if(entries.begin(), entries.end(), [&](const auto& one) {
            return dynamic_cast<const PciFunction*>(one.device.get()) == &function;
        });
        if (copied) {
            copied = copy(function, entry == entries.end() ? nullptr : &*entry);
        }
    });
    copied_place_.reset();
    SISKIN_TRY(copied);
    return options_.hot_plug ? Result<>() : copy_isa();
}

// What ISA devices may be in the way of.
Result<> DevicePlanner::copy_isa() {
    services_->serial_places = machine_.serial_places;
    for (const IoRange& range : machine_.ports.platform()) {
        // The tree of the plan has the configuration ports itself.
        static_cast<void>(ports_.add(IoRange{range.base, range.size, services_.get()}));
    }
    for (const auto& chardev : machine_.chardevs.all()) {
        ChardevConfig config;
        config.id = chardev->id();
        Chardev* const copy = SISKIN_TRY(services_->chardevs.add(config, machine_.loop, lock_));
        if (chardev->in_use()) {
            SISKIN_TRY(copy->attach(services_->chardev_user));
        }
    }
    return {};
}

Result<> DevicePlanner::copy(PciFunction& original, const DeviceTree::Entry* entry) {
    PciPlace place{host_.find_bus(original.bus().name()),
                   original.devfn(),
                   original.multifunction(),
                   original.type_name(),
                   original.id(),
                   original.rom(),
                   original.acpi_index()};
    SISKIN_ASSERT(place.bus != nullptr);  // a bridge comes before what is behind it
    const auto* const expander = dynamic_cast<const Expander*>(&original);
    const PciBridge* const bridge = original.as_bridge();
    if (entry == nullptr || (expander == nullptr && bridge == nullptr)) {
        PciIdentity identity;
        identity.vendor_id = original.config().get16(pci_spec::kVendorId);
        identity.device_id = original.config().get16(pci_spec::kDeviceId);
        identity.interrupt_pin = original.config().get8(pci_spec::kInterruptPin);
        auto stand_in = std::make_unique<PciFunction>(std::move(place), identity);
        for (unsigned index = 0; index < PciFunction::kRomBar; ++index) {
            if (const std::optional<Bar>& bar = original.bars().at(index)) {
                BarSpec spec = bar->spec();
                spec.handler = services_.get();
                stand_in->add_bar(index, spec);
            }
        }
        stand_in->plug();
        stand_ins_.push_back(std::move(stand_in));
        return {};
    }
    // A bus keeps its name, also where that was made up.
    place.id = expander != nullptr ? expander->root().name() : bridge->secondary().name();
    const CatalogRow* const row = find_device_type(entry->device->type().name);
    const std::shared_ptr<void> config(std::shared_ptr<void>(), entry->device->config());
    copied_place_ = place;
    devices_.add(SISKIN_TRY(row->build(*environment_, place.id, config)));
    return {};
}

DevicePlanner::Planned DevicePlanner::add(const qmp::DeviceDescription& description,
                                          const std::vector<OptionUse>& globals) {
    Planned planned;
    planned.report.driver = description.driver;
    planned.report.id = description.id;
    conflicts_.clear();
    const auto done = [&] {
        planned.report.conflicts = std::exchange(conflicts_, {});
        return std::move(planned);
    };
    Value::Dict arguments = description.further;
    for (const auto& [name, value] :
         {std::pair("driver", &description.driver), std::pair("bus", &description.bus),
          std::pair("id", &description.id)}) {
        if (*value) {
            arguments.set(name, **value);
        }
    }
    DeviceReading reading = read_device(arguments, globals);
    for (const Error& problem : reading.problems) {
        note(fail(problem));
    }
    if (reading.planned.row == nullptr) {
        return done();
    }
    const bool is_pci = reading.planned.row->type->bus == "PCI";
    if (reading.planned.row->type->bus == "SCSI") {
        note(fail(concat("'", reading.planned.row->type->name,
                         "' sits on a SCSI bus, which is not planned for")));
        return done();
    }
    if (!is_pci && options_.hot_plug) {
        note(fail("Bus 'isa.0' does not support hotplugging"));
        return done();
    }
    std::string id = reading.planned.id;
    if (!id.empty()) {
        note(machine_.devices.check_id(id));
        note(devices_.check_id(id));
        id = has_conflicts() ? "" : id;
    }
    services_->last_line.reset();
    auto device = reading.planned.row->build(*environment_, id, reading.planned.config);
    if (!device) {
        note(fail(device.error()));
    }
    if (!has_conflicts()) {
        planned.function = dynamic_cast<PciFunction*>(device->get());
        devices_.add(std::move(*device));
        if (!is_pci) {
            planned.report.bus = "isa.0";
            if (services_->last_line) {
                planned.report.gsi = services_->last_line->value();
            }
        }
    }
    return done();
}

// The same reason may come from two who look.
void DevicePlanner::note(const Result<>& result) {
    if (conflicts_.size() == kConflictsMax) {
        return;
    }
    if (!result && conflicts_.size() == kConflictsMax - 1) {
        conflicts_.emplace_back("There are more");
    } else if (!result && std::find(conflicts_.begin(), conflicts_.end(), result.error().message) ==
                              conflicts_.end()) {
        conflicts_.push_back(result.error().message);
    }
}

Result<PciPlace> DevicePlanner::find_place(const PciProperties& properties,
                                           std::string_view type_name, const std::string& id,
                                           const PlaceRule& rule) {
    if (copied_place_) {
        return *copied_place_;
    }
    PciBus* const bus = properties.bus.empty() ? &host_.root() : host_.find_bus(properties.bus);
    std::optional<PciPlace> place;
    if (bus == nullptr) {
        note(fail(concat("Bus '", printable(properties.bus), "' not found")));
    } else {
        note_place(*bus, properties, type_name, id, rule, place);
    }
    // Not loaded: 256 of them would be much.
    auto rom = OptionRom::measure(properties);
    if (!rom) {
        note(fail(rom.error()));
    }
    if (place && !has_conflicts()) {
        place->rom = std::move(*rom);
        return std::move(*place);
    }
    if (&rule == &PlaceRule::kEndpoint) {
        return PciPlace{&elsewhere_.root(), DevFn(), false, std::string(type_name), "", nullptr};
    }
    return fail(conflicts_.back());
}

void DevicePlanner::note_place(PciBus& bus, const PciProperties& properties,
                               std::string_view type_name, const std::string& id,
                               const PlaceRule& rule, std::optional<PciPlace>& place) {
    if (options_.hot_plug) {
        note(bus.check_hot_plug(rule));
    }
    PciBus::PlaceSearch search = bus.search_place(properties, type_name, id, rule);
    for (const Error& problem : search.problems) {
        note(fail(problem));
    }
    if (search.place && options_.hot_plug) {
        note(bus.check_hot_plug_function(*search.place));
    }
    place = std::move(search.place);
}

bool DevicePlanner::covers(const PciBus& bus) const {
    return covered_.contains(bus.name()) ||
           (options_.covers_new_buses && machine_.pci.find_bus(bus.name()) == nullptr);
}

void DevicePlanner::describe_all(std::vector<Planned>& planned) {
    const MutexLock hold(machine_.lock);
    for (Planned& one : planned) {
        if (one.function != nullptr) {
            describe_one(one);
        }
    }
}

void DevicePlanner::describe_one(Planned& planned) const {
    PciFunction& function = *planned.function;
    qmp::DevicePlan& report = planned.report;
    report.bus = function.bus().name();
    if (const PciBus* const now = machine_.pci.find_bus(function.bus().name())) {
        report.bus_number = now->number();
    }
    const PciBusInfo bus = describe(function.bus());
    const auto found =
        std::find_if(bus.functions.begin(), bus.functions.end(), [&](const PciFunctionInfo& other) {
            return other.device == function.devfn().device() &&
                   other.function == function.devfn().function();
        });
    report.pci = pci_device_info(*found);
    if (const auto input = function.intx_input()) {
        report.gsi = options_.interrupt_line(*input);
    }
    if (function.msi() != nullptr) {
        report.msi_vectors = function.msi()->vector_count();
    }
    if (function.msix() != nullptr) {
        report.msix_vectors = function.msix()->vector_count();
    }
}

}  // namespace siskin
