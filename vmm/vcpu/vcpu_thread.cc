// SPDX-License-Identifier: Apache-2.0
// The thread of one vCPU.
#include "vmm/vcpu/vcpu_thread.h"

#include <csignal>
#include <system_error>
#include <utility>
#include <variant>

#include <pthread.h>
#include <unistd.h>

#include "base/text.h"

namespace siskin {
namespace {

// Interrupts KVM_RUN; its handler does nothing.
int kick_signal() {
    return SIGRTMIN;
}

}  // namespace

void VcpuThread::install_kick_signal() {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    ::sigaction(kick_signal(), &action, nullptr);  // no SA_RESTART: KVM_RUN returns EINTR
}

Result<std::unique_ptr<VcpuThread>> VcpuThread::create(VcpuId id, std::unique_ptr<KvmVcpu> vcpu,
                                                       ExitDispatch dispatch, VcpuEvents& events) {
    std::unique_ptr<VcpuThread> self(
        new VcpuThread(id, std::move(vcpu), std::move(dispatch), events));
    try {
        self->thread_ = std::thread([raw = self.get()] { raw->main(); });
    } catch (const std::system_error& error) {  // the limit of threads is reached
        return fail_errno(concat("could not start the thread of vCPU ", id.value()),
                          error.code().value());
    }
    self->wait_parked();
    return self;
}

VcpuThread::VcpuThread(VcpuId id, std::unique_ptr<KvmVcpu> vcpu, ExitDispatch dispatch,
                       VcpuEvents& events)
    : id_(id), vcpu_(std::move(vcpu)), dispatch_(std::move(dispatch)), events_(events) {}

VcpuThread::~VcpuThread() {
    if (thread_.joinable()) {
        post(Wanted::Exit);
        kick();
        thread_.join();
    }
}

void VcpuThread::request_park() {
    if (Command::wanted(command_.load()) != Wanted::Park) {
        post(Wanted::Park);
        kick();
    }
}

void VcpuThread::wait_parked() {
    const std::uint32_t wanted = command_.load();
    for (auto seen = acknowledged_.load(); seen != wanted; seen = acknowledged_.load()) {
        acknowledged_.wait(seen);
    }
}

void VcpuThread::run() {
    post(Wanted::Run);
}

void VcpuThread::post(Wanted wanted) {
    const std::uint32_t number = (command_.load() >> Command::kWantedBits) + 1;
    command_.store((number << Command::kWantedBits) | static_cast<std::uint32_t>(wanted));
    command_.notify_one();
    hold_.wake();
}

// The command is posted already. If the thread is about to enter the guest, the flag turns it back;
// if it is inside, the signal brings it out; then it sees the command.
void VcpuThread::kick() {
    vcpu_->kick_next_run();
    ::pthread_kill(thread_.native_handle(), kick_signal());
}

void VcpuThread::main() {
    thread_id_.store(::gettid());
    hold_.attach();
    ::pthread_setname_np(::pthread_self(), concat("CPU ", id_.value(), "/KVM").c_str());
    for (;;) {
        const std::uint32_t command = command_.load();
        switch (Command::wanted(command)) {
            case Wanted::Exit: return;
            case Wanted::Park:
                acknowledged_.store(command);
                acknowledged_.notify_one();
                command_.wait(command);
                break;
            case Wanted::Run:
                vcpu_->allow_run();
                run_guest(command);
                break;
        }
    }
}

void VcpuThread::run_guest(std::uint32_t command) {
    // A command that came after the load in main() but before allow_run() is seen here.
    if (command_.load() != command) {
        return;
    }
    for (;;) {
        wait_for_access(command);
        const VcpuExit exit = vcpu_->run();
        // Only here may it leave: after an access exit, the access is not finished before the next
        // run() (Linux: Documentation/virt/kvm/api.rst, KVM_EXIT_IO).
        if (std::holds_alternative<InterruptedExit>(exit) && command_.load() != command) {
            return;
        }
        if (!handle(exit)) {
            command_.wait(command);
            return;
        }
    }
}

void VcpuThread::wait_for_access(std::uint32_t command) {
    while (hold_.is_held()) {
        const std::uint32_t turn = hold_.turn();
        if (command_.load() != command) {
            // The next run() finishes the access and enters no guest; the rest of the wait comes
            // when this vCPU is let go again.
            vcpu_->kick_next_run();
            return;
        }
        if (hold_.is_held()) {
            hold_.sleep(turn);
        }
    }
}

bool VcpuThread::handle(const VcpuExit& exit) {
    if (const auto* const port = std::get_if<PortExit>(&exit)) {
        dispatch_.handle(*port);
        return true;
    }
    if (const auto* const memory = std::get_if<MemoryExit>(&exit)) {
        dispatch_.handle(*memory);
        return true;
    }
    if (std::holds_alternative<TripleFaultExit>(exit)) {
        events_.on_triple_fault(id_);
        return false;
    }
    if (const auto* const failed = std::get_if<FailedExit>(&exit)) {
        events_.on_vcpu_failure(id_, failed->description);
        return false;
    }
    return true;
}

}  // namespace siskin
