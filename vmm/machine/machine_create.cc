// SPDX-License-Identifier: Apache-2.0
// How a machine is put together from its config.
#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

#include <sys/mman.h>

#include "base/text.h"
#include "pci/vga.h"
#include "vmm/machine/boot.h"
#include "vmm/machine/chipset_globals.h"
#include "vmm/machine/default_devices.h"
#include "vmm/machine/device_builder.h"
#include "vmm/machine/drives.h"
#include "vmm/machine/machine.h"
#include "vmm/machine/option_syntax.h"
#include "vmm/machine/option_tables.h"
#include "vmm/machine/throttle_options.h"

namespace siskin {
namespace {

Result<GuestRegion> make_region(GuestAddress base, std::uint64_t size, bool dump) {
    auto mapping = std::make_shared<Mapping>(
        SISKIN_TRY_IN(concat("guest RAM of ", size / kMiB, " MiB"), Mapping::anonymous(size)));
    if (!dump && ::madvise(mapping->data(), size, MADV_DONTDUMP) != 0) {
        return fail_errno("keeping guest RAM out of core dumps", errno);
    }
    return GuestRegion{base, std::move(mapping)};
}

Result<std::optional<BootSource>> open_boot_source(const MachineConfig& config) {
    if (config.kernel.empty()) {
        return std::optional<BootSource>();
    }
    std::string text = concat("-kernel ", printable(config.kernel, PATH_MAX));
    if (!config.initrd.empty()) {
        text += concat(" -initrd ", printable(config.initrd, PATH_MAX));
    }
    BootSource source = SISKIN_TRY_IN(
        text, BootSource::open(BootOptions{config.kernel, config.initrd, config.append}));
    SISKIN_TRY_IN(text, source.check_fits(ram_layout(config)));
    return std::optional<BootSource>(std::move(source));
}

}  // namespace

Machine::Machine(const MachineConfig& config, EventLoop& loop, MachineEvents& events, Kvm kvm,
                 PendingRequests requests)
    : config_(config),
      loop_(loop),
      events_(events),
      kvm_(std::move(kvm)),
      requests_(std::move(requests)),
      relay_(loop, lock_),
      line_ends_(relay_) {}

Result<std::unique_ptr<Machine>> Machine::create(const MachineConfig& config, EventLoop& loop,
                                                 MachineEvents& events, int interrupt_fd) {
    Kvm kvm = SISKIN_TRY(Kvm::open());
    std::unique_ptr<Machine> machine(
        new Machine(config, loop, events, std::move(kvm), SISKIN_TRY(PendingRequests::create())));
    machine->disks_ = SISKIN_TRY(DiskServices::create());
    machine->boot_ = SISKIN_TRY(open_boot_source(config));
    SISKIN_TRY(machine->create_memory());
    SISKIN_TRY(machine->create_kvm_parts());
    SISKIN_TRY(machine->create_vcpus());
    SISKIN_TRY(machine->create_devices(interrupt_fd));
    SISKIN_TRY(machine->watch_requests());
    return machine;
}

Result<> Machine::create_memory() {
    const RamLayout ram = ram_layout(config_);
    const bool dump = config_.machine.dump_guest_core;
    std::vector<GuestRegion> regions;
    // Between them are the legacy ranges of VGA, which PCI decodes.
    regions.push_back(SISKIN_TRY(make_region(GuestAddress{0}, kVgaMemoryBase, dump)));
    constexpr std::uint64_t kBehindVga = kVgaMemoryBase + kVgaMemorySize;
    regions.push_back(
        SISKIN_TRY(make_region(GuestAddress{kBehindVga}, ram.below_4g.value() - kBehindVga, dump)));
    if (ram.above_4g.value() != 0) {
        regions.push_back(
            SISKIN_TRY(make_region(GuestAddress{kHighRamBase}, ram.above_4g.value(), dump)));
    }
    memory_ = SISKIN_TRY(GuestMemory::create(std::move(regions)));
    return {};
}

Result<> Machine::create_kvm_parts() {
    const KvmReservedPages reserved{GuestAddress{kIdentityMapBase}, GuestAddress{kTaskStateBase}};
    vm_ = SISKIN_TRY(KvmVm::create(kvm_, reserved));
    SISKIN_TRY(vm_->map(*memory_));
    irqs_ = SISKIN_TRY(IrqRouting::create(vm_->fd()));
    doorbells_ = std::make_unique<KvmDoorbells>(vm_->fd());
    const ChipsetOptions chipset = SISKIN_TRY(chipset_options(config_.globals));
    board_ = SISKIN_TRY(BoardQ35::create(config_, chipset, loop_, lock_, *irqs_, requests_));
    return {};
}

Result<> Machine::create_vcpus() {
    const auto supported = SISKIN_TRY(kvm_.supported_cpuid());
    const int vcpus_max = kvm_.extension(KVM_CAP_MAX_VCPUS);
    if (static_cast<std::uint64_t>(vcpus_max) < config_.topology.count()) {
        return fail(concat("-smp asks for ", config_.topology.count(),
                           " vCPUs, this host's KVM allows ", vcpus_max));
    }
    for (std::uint32_t index = 0; index < config_.topology.count(); ++index) {
        const auto cpuid =
            SISKIN_TRY_IN("-cpu", make_cpuid(supported, config_.cpu, config_.topology, index));
        auto vcpu = SISKIN_TRY(KvmVcpu::create(kvm_, *vm_, config_.topology.apic_id(index), cpuid));
        vcpus_.push_back(SISKIN_TRY(
            VcpuThread::create(VcpuId{index}, std::move(vcpu),
                               ExitDispatch(board_->ports(), board_->memory(), lock_), *this)));
    }
    return {};
}

Result<> Machine::create_devices(int interrupt_fd) {
    // Whatever can be wrong with the words is found before the first file is opened or made.
    std::vector<DrivePlan> drives;
    for (const OptionUse& use : config_.drives) {
        drives.push_back(SISKIN_TRY(plan_drive(use, drives.size())));
    }
    std::vector<qmp::BlockdevOptions> nodes;
    for (const OptionUse& use : config_.blockdevs) {
        nodes.push_back(SISKIN_TRY_IN(use.text, plan_blockdev(use)));
    }
    SISKIN_TRY(check_globals(config_.globals));
    std::vector<OptionUse> uses = SISKIN_TRY(default_devices(config_));
    for (const DrivePlan& drive : drives) {
        if (drive.device) {
            uses.push_back(*drive.device);
        }
    }
    uses.insert(uses.end(), config_.devices.begin(), config_.devices.end());
    std::vector<PlannedDevice> devices;
    for (const OptionUse& use : uses) {
        devices.push_back(SISKIN_TRY(plan_device(use, config_.globals)));
    }
    SISKIN_TRY(create_back_ends(nodes, drives, interrupt_fd));
    environment_.emplace(
        DeviceEnvironment{lock_, loop_, board_->ports(), board_->pci(), *irqs_, *doorbells_, relay_,
                          line_ends_, [this](Gsi gsi) { return irqs_->line(gsi); }, memory_,
                          static_cast<std::uint16_t>(config_.topology.count()), requests_,
                          serial_places_, devices_, chardevs_, blocks_, io_threads_, *disks_});
    const MutexLock hold(lock_);
    for (const PlannedDevice& device : devices) {
        SISKIN_TRY(build_device(*environment_, device));
    }
    environment_->hot_plugging = true;
    hotplug_ = SISKIN_TRY(Hotplug::create(*environment_, events_));
    return {};
}

Result<> Machine::create_back_ends(const std::vector<qmp::BlockdevOptions>& nodes,
                                   const std::vector<DrivePlan>& drives, int interrupt_fd) {
    for (const OptionUse& use : config_.objects) {
        ObjectOptions object;
        Value::Dict members = use.members;
        if (members.text("qom-type") == "throttle-group") {
            const ThrottleLimits limits =
                SISKIN_TRY_IN(use.text, take_throttle_limits(members, "x-", false));
            SISKIN_TRY_IN(use.text, apply_options(option_keys("object"), &object, members));
            SISKIN_TRY_IN(use.text, disks_->throttle_groups().add(object.id, limits));
            continue;
        }
        SISKIN_TRY_IN(use.text, apply_options(option_keys("object"), &object, members));
        if (object.qom_type != "iothread") {
            return fail(concat(use.text, ": Parameter 'qom-type' does not accept value '",
                               printable(object.qom_type),
                               "', allowed are iothread and throttle-group"));
        }
        SISKIN_TRY_IN(use.text, io_threads_.add(object.id));
    }
    for (std::size_t index = 0; index < nodes.size(); ++index) {
        SISKIN_TRY_IN(config_.blockdevs[index].text, blocks_.add(nodes[index]));
    }
    for (std::size_t index = 0; index < drives.size(); ++index) {
        SISKIN_TRY_IN(config_.drives[index].text,
                      blocks_.add_drive(drives[index].id, drives[index].node));
        disks_->set_policy(drives[index].id, drives[index].policy);
    }
    for (const ChardevUse& use : config_.chardevs) {
        SISKIN_TRY_IN(use.text, chardevs_.add(use.config, loop_, lock_, interrupt_fd));
    }
    return {};
}

Result<> Machine::watch_requests() {
    request_watch_ =
        SISKIN_TRY(loop_.watch_readable(requests_.event_fd(), [this] { handle_requests(); }));
    block_error_watch_ = SISKIN_TRY(
        loop_.watch_readable(disks_->errors().event_fd(), [this] { handle_block_errors(); }));
    return {};
}

}  // namespace siskin
