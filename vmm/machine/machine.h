// SPDX-License-Identifier: Apache-2.0
// Machine: a virtual machine as a whole: its parts, its run state, and what can be done with it.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bus/machine_lock.h"
#include "base/fd.h"
#include "base/loop/event_loop.h"
#include "base/memory/guest_memory.h"
#include "base/object/device_tree.h"
#include "base/result.h"
#include "devices/chardev/chardev_registry.h"
#include "firmware/linux/boot_source.h"
#include "vmm/kvm/ioeventfd.h"
#include "vmm/kvm/irq_routing.h"
#include "vmm/kvm/kvm.h"
#include "vmm/kvm/kvm_vm.h"
#include "vmm/machine/block_graph.h"
#include "vmm/machine/board_q35.h"
#include "vmm/machine/device_environment.h"
#include "vmm/machine/disk_services.h"
#include "vmm/machine/drives.h"
#include "vmm/machine/hotplug.h"
#include "vmm/machine/io_threads.h"
#include "vmm/machine/machine_config.h"
#include "vmm/machine/machine_events.h"
#include "vmm/machine/memory_backends.h"
#include "vmm/machine/objects.h"
#include "vmm/machine/pending_requests.h"
#include "vmm/machine/ram_faults.h"
#include "vmm/vcpu/run_state.h"
#include "vmm/vcpu/vcpu_thread.h"

namespace siskin {

struct RamPlan;

// Thread: all calls from the VM thread, without MachineLock. Everything that waits (for vCPUs to
// park, for devices to finish) waits here, under no lock.
class Machine final : private VcpuEvents {
public:
    // Every part, checked and made, nothing running. `loop` and `events` outlive the machine. A
    // wait for somebody outside ends with an error once `interrupt_fd` is readable.
    [[nodiscard]] static Result<std::unique_ptr<Machine>> create(const MachineConfig& config,
                                                                 EventLoop& loop,
                                                                 MachineEvents& events,
                                                                 int interrupt_fd);
    ~Machine() override;
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;

    // Loads the guest for the first time and runs it, unless the config says -S.
    [[nodiscard]] Result<> power_on();

    // QMP's stop and cont; nothing happens when it is so already. Error of cont: the guest ended or
    // failed and needs a reset first.
    void stop();
    [[nodiscard]] Result<> cont();
    // QMP's system_reset. Also what a guest's own reset becomes.
    void reset(ShutdownCause cause);
    // The ACPI power button.
    void press_power_button();
    // The end: on_shutdown, then the exit status is set and the loop stops.
    void shut_down(ShutdownCause cause);

    // QMP's device_add and device_del (hotplug.h).
    [[nodiscard]] Result<> add_device(const Value::Dict& arguments,
                                      std::optional<HotplugWait> wait = std::nullopt);
    // The same, where the device may have to wait for somebody outside first. `done` is called
    // once, perhaps at once.
    void add_device_later(const Value::Dict& arguments, std::optional<HotplugWait> wait,
                          std::function<void(Result<>)> done);
    [[nodiscard]] Result<> remove_device(std::string_view id_or_path,
                                         std::optional<HotplugWait> wait = std::nullopt);

    // Calls `look` while no vCPU moves; those that ran go on afterwards.
    void with_parked_vcpus(const std::function<void()>& look);

    [[nodiscard]] RunState run_state() const { return state_; }
    [[nodiscard]] const MachineConfig& config() const { return config_; }
    [[nodiscard]] const std::vector<std::unique_ptr<VcpuThread>>& vcpus() const { return vcpus_; }
    // The end of the process: what character devices have not yet written out is written, as far as
    // the host takes it within kOutputPatience each.
    void write_out();
    static constexpr std::chrono::milliseconds kOutputPatience{1000};
    // What the process returns once the loop has stopped: 0, or isa-debug-exit's.
    [[nodiscard]] int exit_status() const { return exit_status_; }

    [[nodiscard]] const GuestMemory& memory() const { return *memory_; }

    // Under lock().
    [[nodiscard]] MachineLock& lock() { return lock_; }
    [[nodiscard]] BoardQ35& board() { return *board_; }
    [[nodiscard]] const DeviceTree& devices() const { return devices_; }
    [[nodiscard]] const DeviceEnvironment& environment() const { return *environment_; }
    [[nodiscard]] BlockGraph& blocks() { return blocks_; }
    [[nodiscard]] const BlockGraph& blocks() const { return blocks_; }
    [[nodiscard]] ChardevRegistry& chardevs() { return chardevs_; }
    [[nodiscard]] IoThreads& io_threads() { return io_threads_; }
    // Of the VM loop alone, without the lock.
    [[nodiscard]] const Objects& objects() const { return objects_; }
    [[nodiscard]] const MemoryBackends& memory_backends() const { return memory_backends_; }
    // QMP's object-add and object-del.
    [[nodiscard]] Result<> add_object(const Value::Dict& members);
    [[nodiscard]] Result<> remove_object(std::string_view id);
    // qom-set. Errors: those of Objects::set().
    [[nodiscard]] Result<> set_object_property(std::string_view id, std::string_view name,
                                               const Value& value);
    // Trays that moved until now; the loop does it, too. Without the lock.
    void tell_tray_moves();
    [[nodiscard]] DiskServices& disks() { return *disks_; }
    [[nodiscard]] const DiskServices& disks() const { return *disks_; }
    [[nodiscard]] const IrqRouting& interrupts() const { return *irqs_; }
    [[nodiscard]] const KvmDoorbells& doorbells() const { return *doorbells_; }
    [[nodiscard]] EventLoop& loop() { return loop_; }
    // KVM's table of CPUID, before -cpu.
    [[nodiscard]] Result<std::vector<kvm_cpuid_entry2>> supported_cpuid() const {
        return kvm_.supported_cpuid();
    }
    // KVM's counts; an invalid descriptor where the kernel has none.
    [[nodiscard]] const Fd& statistics() const { return vm_->statistics(); }
    // A non-maskable interrupt for each vCPU.
    [[nodiscard]] Result<> inject_nmi();
    // set-action: what happens when the guest reboots or powers off, from now on.
    void set_no_reboot(bool no_reboot) { config_.no_reboot = no_reboot; }
    void set_no_shutdown(bool no_shutdown) { config_.no_shutdown = no_shutdown; }
    [[nodiscard]] const ChardevRegistry& chardevs() const { return chardevs_; }
    [[nodiscard]] const IoThreads& io_threads() const { return io_threads_; }

private:
    Machine(const MachineConfig& config, EventLoop& loop, MachineEvents& events, Kvm kvm,
            PendingRequests requests, std::unique_ptr<DiskServices> disks);
    [[nodiscard]] Result<> create_memory();
    [[nodiscard]] Result<> map_memory(const RamPlan& plan);
    [[nodiscard]] Result<> create_kvm_parts();
    [[nodiscard]] Result<> create_vcpus();
    [[nodiscard]] Result<> create_devices(int interrupt_fd);
    [[nodiscard]] Result<> create_back_ends(const std::vector<qmp::BlockdevOptions>& nodes,
                                            const std::vector<DrivePlan>& drives, int interrupt_fd);
    [[nodiscard]] Result<> watch_requests();

    // The guest as after power-on: devices, chips, vCPUs, loaded kernel. vCPUs are parked.
    [[nodiscard]] Result<> load_power_on_state();
    [[nodiscard]] Result<> load_guest();
    void park_vcpus();
    void run_vcpus();
    // Calls `action` for every device under the lock and waits until all are done.
    void for_all_devices_and_wait(
        const std::function<void(Device& device, std::function<void()> done)>& action);
    void enter(RunState next);
    void halt_in(RunState next);
    void fail_with_internal_error();
    void resume_clocks();
    void handle_requests();
    void handle_lost_ram();
    void handle_block_errors();
    void handle_guest_end(ShutdownCause cause);

    void on_triple_fault(VcpuId vcpu) override;
    void on_vcpu_failure(VcpuId vcpu, const std::string& description) override;

    // In order of construction; destroyed in reverse.
    MachineConfig config_;
    EventLoop& loop_;
    MachineEvents& events_;
    MachineLock lock_;
    Kvm kvm_;
    PendingRequests requests_;
    std::unique_ptr<DiskServices> disks_;
    std::optional<BootSource> boot_;
    MemoryBackends memory_backends_;
    std::shared_ptr<const GuestMemory> memory_;
    std::optional<KvmVm> vm_;
    std::unique_ptr<IrqRouting> irqs_;
    std::unique_ptr<KvmDoorbells> doorbells_;
    ChardevRegistry chardevs_;
    BlockGraph blocks_{&disks_->throttle_groups()};
    IoThreads io_threads_;
    Objects objects_{ObjectEnvironment{io_threads_, memory_backends_, disks_->throttle_groups()}};
    EventLoopInterruptRelay relay_;
    LineEnds line_ends_;
    IsaSerialPlaces serial_places_;
    std::unique_ptr<BoardQ35> board_;
    DeviceTree devices_;
    std::optional<DeviceEnvironment> environment_;
    std::unique_ptr<Hotplug> hotplug_;
    std::unique_ptr<RamFaults> ram_faults_;
    std::unique_ptr<EventLoop::Watch> request_watch_;
    std::unique_ptr<EventLoop::Watch> ram_watch_;
    std::unique_ptr<EventLoop::Watch> block_error_watch_;
    std::unique_ptr<EventLoop::Watch> tray_watch_;
    std::vector<std::unique_ptr<VcpuThread>> vcpus_;

    GuestErrorLog vcpu_log_{"machine"};
    RunState state_ = RunState::Prelaunch;
    bool devices_paused_ = false;
    bool devices_changed_ = false;  // since the power-on state was loaded, and nothing has run
    bool ending_ = false;
    int exit_status_ = 0;
};

}  // namespace siskin
