// SPDX-License-Identifier: Apache-2.0
// The machine's run state and what changes it. How it is put together: machine_create.cc.
#include "vmm/machine/machine.h"

#include <latch>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "vmm/machine/boot.h"
#include "vmm/machine/device_builder.h"
#include "vmm/machine/ram_plan.h"

namespace siskin {

Machine::~Machine() {
    // Guest memory and disks are quiet before the first part goes.
    park_vcpus();
    if (environment_) {
        for_all_devices_and_wait(
            [](Device& device, std::function<void()> done) { device.pause(std::move(done)); });
    }
    {
        const MutexLock hold(lock_);
        disks_->vhost_user().clear();
    }
    request_watch_.reset();
    ram_watch_.reset();
    block_error_watch_.reset();
    vcpus_.clear();
}

Result<> Machine::power_on() {
    if (!boot_) {
        log::warning("no -kernel: there is no firmware, so the vCPUs have nothing to run");
    }
    SISKIN_TRY(load_power_on_state());
    chardevs_.begin_all();
    // RESUME tells of a machine that goes on; that this one begins, a client learns by asking.
    if (!config_.start_paused) {
        enter(RunState::Running);
        run_vcpus();
    }
    return {};
}

void Machine::stop() {
    if (state_ != RunState::Running) {
        return;
    }
    halt_in(RunState::Paused);
}

Result<> Machine::cont() {
    if (state_ == RunState::Running) {
        return {};
    }
    if (needs_reset(state_)) {
        return fail("Resetting the Virtual Machine is required");
    }
    if (devices_changed_) {
        // Devices that came before the guest ran are there as from the start.
        SISKIN_TRY(load_power_on_state());
        hotplug_->ask_again();
    }
    enter(RunState::Running);
    if (std::exchange(devices_paused_, false)) {
        const MutexLock hold(lock_);
        resume_clocks();
        for (const DeviceTree::Entry& entry : devices_.entries()) {
            entry.device->resume();
        }
    }
    run_vcpus();
    events_.on_resume();
    return {};
}

void Machine::reset(ShutdownCause cause) {
    park_vcpus();
    if (config_.no_reboot) {
        handle_guest_end(cause);
        return;
    }
    // What the guest asked for before this moment belongs to the life that ends here.
    [[maybe_unused]] const auto stale = requests_.take();
    hotplug_->release_asked();
    if (const auto loaded = load_power_on_state(); !loaded) {
        log::line(concat("reset: ", loaded.error().message));
        events_.on_reset(cause);
        fail_with_internal_error();
        return;
    }
    events_.on_reset(cause);
    if (state_ == RunState::Running) {
        run_vcpus();
    } else {
        enter(RunState::Prelaunch);
    }
}

Result<> Machine::add_device(const Value::Dict& arguments, std::optional<HotplugWait> wait) {
    SISKIN_TRY(hotplug_->add(arguments, config_.globals, std::move(wait)));
    if (state_ == RunState::Prelaunch) {
        devices_changed_ = true;
        const MutexLock hold(lock_);
        board_->cover_new_buses();
    }
    return {};
}

void Machine::add_device_later(const Value::Dict& arguments, std::optional<HotplugWait> wait,
                               std::function<void(Result<>)> done) {
    const auto planned = plan_device(arguments, config_.globals);
    if (!planned || planned->row->prepare == nullptr) {
        done(add_device(arguments, std::move(wait)));
        return;
    }
    planned->row->prepare(
        *environment_, planned->config,
        [this, arguments, wait = std::move(wait), done = std::move(done)](Result<> prepared) {
            done(prepared ? add_device(arguments, wait) : std::move(prepared));
        });
}

Result<> Machine::remove_device(std::string_view id_or_path, std::optional<HotplugWait> wait) {
    return hotplug_->remove(id_or_path, std::move(wait));
}

Result<> Machine::add_object(const Value::Dict& members) {
    PlannedObject object = SISKIN_TRY(plan_object(with_memory_defaults(config_, members)));
    SISKIN_TRY(objects_.add(std::move(object)));
    memory_backends_.keep_files();
    return {};
}

Result<> Machine::set_object_property(std::string_view id, std::string_view name,
                                      const Value& value) {
    return objects_.set(id, name, value);
}

Result<> Machine::remove_object(std::string_view id) {
    {
        const MutexLock hold(lock_);
        SISKIN_TRY(objects_.check_unused(id, devices_));
    }
    objects_.remove(id);
    return {};
}

void Machine::press_power_button() {
    events_.on_power_button();
    const MutexLock hold(lock_);
    board_->press_power_button();
}

void Machine::shut_down(ShutdownCause cause) {
    if (std::exchange(ending_, true)) {
        return;
    }
    park_vcpus();
    events_.on_shutdown(cause);
    loop_.stop();
}

void Machine::with_parked_vcpus(const std::function<void()>& look) {
    park_vcpus();
    look();
    if (state_ == RunState::Running) {
        // A vCPU that waits for what it asked for must not run before that is done.
        handle_requests();
    }
}

Result<> Machine::inject_nmi() {
    Result<> injected;
    // The kernel hands a vCPU to one thread at a time.
    with_parked_vcpus([&] {
        for (const auto& vcpu : vcpus_) {
            injected = injected ? vcpu->vcpu().inject_nmi() : std::move(injected);
        }
    });
    return injected;
}

void Machine::write_out() {
    chardevs_.drain_all(kOutputPatience);
}

void Machine::enter(RunState next) {
    if (state_ == next) {
        return;
    }
    SISKIN_ASSERT(may_change(state_, next));
    state_ = next;
}

// Out of the running state: nothing of the guest moves afterwards.
void Machine::halt_in(RunState next) {
    park_vcpus();
    for_all_devices_and_wait(
        [](Device& device, std::function<void()> done) { device.pause(std::move(done)); });
    devices_paused_ = true;
    {
        const MutexLock hold(lock_);
        vm_->pause_clock();
        board_->pause_clock();
    }
    enter(next);
    events_.on_stop();
}

void Machine::resume_clocks() {
    board_->resume_clock();
    vm_->resume_clock();
    for (const auto& vcpu : vcpus_) {
        vcpu->vcpu().tell_of_pause();
    }
}

void Machine::fail_with_internal_error() {
    if (state_ == RunState::Running) {
        halt_in(RunState::InternalError);
    } else {
        enter(RunState::InternalError);
    }
}

void Machine::park_vcpus() {
    for (const auto& vcpu : vcpus_) {
        vcpu->request_park();
    }
    for (const auto& vcpu : vcpus_) {
        vcpu->wait_parked();
    }
}

void Machine::run_vcpus() {
    if (ending_) {
        return;  // a command behind a quit
    }
    for (const auto& vcpu : vcpus_) {
        vcpu->run();
    }
}

void Machine::for_all_devices_and_wait(
    const std::function<void(Device& device, std::function<void()> done)>& action) {
    std::latch all_done(static_cast<std::ptrdiff_t>(devices_.entries().size()));
    {
        const MutexLock hold(lock_);
        for (const DeviceTree::Entry& entry : devices_.entries()) {
            action(*entry.device, [&all_done] { all_done.count_down(); });
        }
    }
    all_done.wait();
}

Result<> Machine::load_power_on_state() {
    devices_changed_ = false;
    for_all_devices_and_wait(
        [](Device& device, std::function<void()> done) { device.reset(std::move(done)); });
    {
        const MutexLock hold(lock_);
        SISKIN_TRY(board_->reset());
    }
    SISKIN_TRY(vm_->restore_power_on_state());
    for (const auto& vcpu : vcpus_) {
        SISKIN_TRY(vcpu->vcpu().restore_power_on_state(vcpu->id() != VcpuId{0}));
    }
    return load_guest();
}

Result<> Machine::load_guest() {
    if (!boot_) {
        return {};
    }
    const auto entry = SISKIN_TRY(load_boot_source(*boot_, *memory_, config_, *board_));
    return enter_guest(vcpus_.front()->vcpu(), entry);
}

void Machine::handle_requests() {
    park_vcpus();
    const PendingRequests::Taken taken = requests_.take();
    if (taken.debug_exit) {
        exit_status_ = *taken.debug_exit;
        loop_.stop();
        return;
    }
    if (taken.failure) {
        log::line(*taken.failure);
        fail_with_internal_error();
    } else if (taken.shutdown) {
        handle_guest_end(ShutdownCause::GuestShutdown);
    } else if (taken.reset) {
        reset(ShutdownCause::GuestReset);
    } else if (state_ == RunState::Running) {
        run_vcpus();
    }
}

// What the guest had there is lost: it must not go on as if nothing had been.
void Machine::handle_lost_ram() {
    const auto page = ram_faults_->take();
    if (!page) {
        return;
    }
    park_vcpus();
    for (const GuestRegion& region : memory_->regions()) {
        if (*page >= region.data() && *page < region.data() + region.size().value()) {
            const auto inside = static_cast<std::uint64_t>(*page - region.data());
            log::line(concat("guest RAM at ", hex(region.base.value() + inside),
                             " is lost: its file was cut short, or the host has no page for it"));
        }
    }
    if (!needs_reset(state_)) {
        fail_with_internal_error();
    }
}

// What failed is told before STOP, as clients expect it.
void Machine::handle_block_errors() {
    const BlockErrors::Taken taken = disks_->errors().take();
    for (const BlockErrorReport& report : taken.reports) {
        events_.on_block_error(report);
    }
    if (taken.stop && state_ == RunState::Running) {
        halt_in(RunState::IoError);
    }
}

void Machine::tell_tray_moves() {
    for (const TrayMove& move : disks_->tray_moves().take()) {
        events_.on_tray_moved(move);
    }
}

void Machine::handle_guest_end(ShutdownCause cause) {
    if (!config_.no_shutdown) {
        shut_down(cause);
        return;
    }
    events_.on_shutdown(cause);
    if (state_ == RunState::Running) {
        halt_in(RunState::Shutdown);
    } else if (is_guest_cause(cause)) {
        enter(RunState::Shutdown);  // the guest asked just before the stop
    }
}

void Machine::on_triple_fault(VcpuId vcpu) {
    // A processor that shuts down resets the machine, as the chipset of a PC does.
    vcpu_log_.report(concat("vCPU ", vcpu.value(), ": KVM_EXIT_SHUTDOWN (triple fault)"));
    requests_.request_reset();
}

void Machine::on_vcpu_failure(VcpuId vcpu, const std::string& description) {
    requests_.report_failure(concat("vCPU ", vcpu.value(), ": ", description));
}

}  // namespace siskin
