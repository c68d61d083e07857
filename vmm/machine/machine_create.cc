// SPDX-License-Identifier: Apache-2.0
// How a machine is put together from its config.
#include <algorithm>
#include <climits>
#include <utility>

#include "base/text.h"
#include "vmm/machine/boot.h"
#include "vmm/machine/chipset_globals.h"
#include "vmm/machine/default_devices.h"
#include "vmm/machine/device_builder.h"
#include "vmm/machine/drives.h"
#include "vmm/machine/machine.h"
#include "vmm/machine/ram_plan.h"

namespace siskin {
namespace {

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

// RAM, memory that may be plugged in and BARs lie where the CPU's addresses reach.
Result<> check_address_bits(const std::vector<kvm_cpuid_entry2>& cpuid,
                            const MachineConfig& config) {
    constexpr std::uint32_t kAddressSizes = 0x80000008;  // Intel SDM vol. 2A, CPUID
    const auto leaf = std::find_if(cpuid.begin(), cpuid.end(), [](const kvm_cpuid_entry2& entry) {
        return entry.function == kAddressSizes;
    });
    const unsigned bits = leaf == cpuid.end() ? 36 : leaf->eax & 0xffU;
    const std::uint64_t last = config.bars_above_4g() + kMmio64Size - 1;
    if (bits < 64 && last >> bits != 0) {
        return fail(concat("Address space limit ", hex((std::uint64_t{1} << bits) - 1), " < ",
                           hex(last), " phys-bits too low (", bits,
                           "): less memory, or less maxmem"));
    }
    return {};
}

}  // namespace

Machine::Machine(const MachineConfig& config, EventLoop& loop, MachineEvents& events, Kvm kvm,
                 PendingRequests requests, std::unique_ptr<DiskServices> disks)
    : config_(config),
      loop_(loop),
      events_(events),
      kvm_(std::move(kvm)),
      requests_(std::move(requests)),
      disks_(std::move(disks)),
      relay_(loop, lock_),
      line_ends_(relay_) {}

Result<std::unique_ptr<Machine>> Machine::create(const MachineConfig& config, EventLoop& loop,
                                                 MachineEvents& events, int interrupt_fd) {
    Kvm kvm = SISKIN_TRY(Kvm::open());
    std::unique_ptr<Machine> machine(new Machine(config, loop, events, std::move(kvm),
                                                 SISKIN_TRY(PendingRequests::create()),
                                                 SISKIN_TRY(DiskServices::create())));
    SISKIN_TRY(machine->create_memory());
    SISKIN_TRY(machine->create_kvm_parts());
    SISKIN_TRY(machine->create_vcpus());
    SISKIN_TRY(machine->create_devices(interrupt_fd));
    SISKIN_TRY(machine->watch_requests());
    machine->memory_backends_.keep_files();
    return machine;
}

// Objects are the first to be made, as the guest's RAM is some of them; their words are checked
// before.
Result<> Machine::create_memory() {
    std::vector<PlannedObject> objects;
    for (const OptionUse& use : config_.objects) {
        objects.push_back(
            SISKIN_TRY_IN(use.text, plan_object(with_memory_defaults(config_, use.members))));
    }
    RamPlan plan = SISKIN_TRY(plan_ram(config_, objects));
    config_.ram = plan.size;
    config_.numa = plan.numa;
    boot_ = SISKIN_TRY(open_boot_source(config_));
    for (std::size_t index = 0; index < objects.size(); ++index) {
        SISKIN_TRY_IN(config_.objects[index].text, objects_.add(std::move(objects[index])));
    }
    for (PlannedObject& own : plan.own) {
        SISKIN_TRY_IN(concat("guest RAM of ", plan.size.value() / kMiB, " MiB"),
                      objects_.add(std::move(own)));
    }
    return map_memory(plan);
}

Result<> Machine::map_memory(const RamPlan& plan) {
    std::vector<const MemoryBackend*> backends;
    std::vector<ByteCount> sizes;
    for (const std::string& id : plan.backends) {
        backends.push_back(SISKIN_TRY(memory_backends_.take_for_ram(id)));
        sizes.push_back(backends.back()->size());
    }
    std::vector<GuestRegion> regions;
    for (const RamPart& part : lay_out_ram(sizes)) {
        const MemoryBackend& backend = *backends[part.backend];
        regions.push_back(GuestRegion{part.base, backend.mapping(), part.offset, part.size,
                                      backend.shared_file()});
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
    SISKIN_TRY(check_address_bits(supported, config_));
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
    std::vector<RamFaults::Range> ram;
    for (const MemoryBackends::Entry& entry : memory_backends_.entries()) {
        if (entry.is_ram) {
            ram.push_back({entry.memory->mapping()->data(), entry.memory->mapping()->size(),
                           entry.memory->page_size()});
        }
    }
    ram_faults_ = SISKIN_TRY(RamFaults::install(std::move(ram)));
    ram_watch_ =
        SISKIN_TRY(loop_.watch_readable(ram_faults_->event().get(), [this] { handle_lost_ram(); }));
    block_error_watch_ = SISKIN_TRY(
        loop_.watch_readable(disks_->errors().event_fd(), [this] { handle_block_errors(); }));
    tray_watch_ = SISKIN_TRY(
        loop_.watch_readable(disks_->tray_moves().event_fd(), [this] { tell_tray_moves(); }));
    return {};
}

}  // namespace siskin
